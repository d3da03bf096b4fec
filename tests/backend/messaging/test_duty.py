"""What is for somebody who is away goes to the deputy, once; what is personal does not."""

from datetime import timedelta

import pytest
from contract_builders import a_centre
from message_builders import a_message, messages_about
from people import a_member_of_staff, by, by_itself

from backend import identity, messaging, teams
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import Message, MessageKind, Reason, State, To

pytestmark = pytest.mark.usefixtures("app")


def two() -> tuple[identity.Staff, identity.Staff]:
    """A doctor and a colleague of the same house."""
    house = a_centre().id
    first, second = (a_member_of_staff(Role.DOCTOR, name, house) for name in ("钱医生", "孙医生"))
    return first, second


def away(doctor: identity.Staff, deputy: identity.Staff, days: int = 0) -> teams.Absence:
    day = by_itself().today + timedelta(days=days)
    return teams.be_absent(by(doctor), doctor, deputy.id, day, day)


def tell(to: identity.Staff, kind: MessageKind, subject: identity.Staff) -> list[Message]:
    messaging.queue(by_itself(), kind, To.staff(to.id), subject.id, "once", {})
    return [one for one in messages_about(subject.id) if one.kind is kind]


def test_during_an_absence_the_deputy_has_it() -> None:
    doctor, deputy = two()
    away(doctor, deputy)
    (told,) = tell(doctor, MessageKind.FOLLOW_UP_TASK, doctor)
    assert told.to_staff_id == deputy.id
    assert tell(deputy, MessageKind.FOLLOW_UP_TASK, doctor) == [told]


def test_what_is_personal_stays() -> None:
    doctor, deputy = two()
    away(doctor, deputy)
    (told,) = tell(doctor, MessageKind.REBINDING_ASKED, doctor)
    assert told.to_staff_id == doctor.id


def test_what_waits_when_the_absence_begins_goes_to_the_deputy(clock: FixedClock) -> None:
    doctor, deputy = two()
    message = a_message(doctor, MessageKind.FOLLOW_UP_TASK, due=by_itself().at + timedelta(days=1))
    private = a_message(doctor, MessageKind.REBINDING_ASKED, due=by_itself().at + timedelta(days=1))
    away(doctor, deputy, days=1)
    messaging.pass_on(by_itself())
    assert message.to_staff_id == doctor.id
    clock.at += timedelta(hours=15)
    assert messaging.pass_on(by_itself()) == 1
    assert messaging.pass_on(by_itself()) == 0
    db.session.expire_all()
    (passed,) = messages_about(message.subject_id)
    assert (passed.to_staff_id, private.to_staff_id) == (deputy.id, doctor.id)


def test_what_the_deputy_has_already_is_not_sent_twice() -> None:
    doctor, deputy = two()
    theirs = a_message(doctor, MessageKind.FOLLOW_UP_TASK)
    tell_both = To.staff(deputy.id)
    messaging.queue(
        by_itself(), MessageKind.FOLLOW_UP_TASK, tell_both, theirs.subject_id, "once", {}
    )
    away(doctor, deputy)
    messaging.pass_on(by_itself())
    db.session.expire_all()
    found = messages_about(theirs.subject_id)
    assert {(one.to_staff_id, one.state, one.reason) for one in found} == {
        (doctor.id, State.WITHDRAWN, Reason.REPLACED),
        (deputy.id, State.QUEUED, None),
    }
