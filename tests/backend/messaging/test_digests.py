"""What is due the same morning comes as one push, and a member that fits no more comes alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from family_builders import a_relative
from flask import Flask
from message_builders import a_message
from people import a_resident, by, by_itself
from sqlalchemy import select, update

from backend import identity, messaging
from backend.kernel import sensitive
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Scope
from backend.kernel.database import db
from backend.kernel.paging import Wanted
from backend.kernel.sensitive import Traits
from backend.kernel.subjects import Cause
from backend.messaging import Group, Message, MessageKind, Outcome, Reason, Result, State
from backend.messaging.attention_rules import minute_of
from backend.messaging.wording import catalogue

NIGHT = datetime(2026, 11, 24, 6, 45, tzinfo=SHANGHAI)
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def night(app: Flask, clock: FixedClock) -> None:
    """A quarter of an hour before the quiet hours end."""
    clock.at = NIGHT


def due(person: identity.Resident, kind: MessageKind, **facts: Any) -> Message:
    return a_message(person, kind, due=facts.pop("due", MORNING), **facts)


def some(person: identity.Resident) -> list[Message]:
    kinds = [MessageKind.FOLLOW_UP_DUE, MessageKind.RUN_OUT, MessageKind.EXPORT_READY]
    return [due(person, kind) for kind in kinds]


def gathered() -> int:
    db.session.flush()
    made = messaging.gather(by_itself())
    db.session.expire_all()
    return made


def the_digest(person: identity.Resident) -> Message:
    found = select(Message).filter_by(to_resident_id=person.id, kind=MessageKind.DIGEST)
    return db.session.execute(found).scalar_one()


def go(clock: FixedClock, at: datetime = MORNING + timedelta(hours=1)) -> list[MessageKind]:
    """What is pushed from the night until then."""
    clock.at, gone = at, list[MessageKind]()
    db.session.flush()
    for _ in range(6):
        claimed = messaging.claim(by_itself(), "s1", 50)
        sent = Outcome(State.SENT, counted=True, errcode=0)
        messaging.settle(at, [Result(one.id, one.token, sent) for one in claimed])
        gone += [one.kind for one in claimed]
    db.session.expire_all()
    return gone


def states(messages: Sequence[Message]) -> set[State]:
    return {one.state for one in messages}


def test_what_is_due_the_same_morning_is_one_push(clock: FixedClock) -> None:
    person, other = a_resident(), a_resident()
    members, alone = some(person), due(other, MessageKind.RUN_OUT)
    assert gathered() == 1
    digest = the_digest(person)
    assert {one.digest_id for one in members} == {digest.id}
    assert states(members) == {State.DIGESTED}
    assert digest.due_at == MORNING
    assert digest.wait_until == MORNING + timedelta(minutes=minute_of(person.id))
    assert sorted(go(clock)) == sorted([MessageKind.DIGEST, MessageKind.RUN_OUT])
    assert (digest.state, alone.state) == (State.SENT, State.SENT)
    assert states(members) == {State.DIGESTED}
    shown = messaging.inbox(by(person), Wanted()).items
    assert {one.id for one in shown} == {digest.id, *(one.id for one in members)}


@pytest.mark.parametrize(
    ("at", "made"),
    [("06:35", 0), ("06:40", 1), ("09:59", 1), ("10:00", 0), ("23:00", 0)],
)
def test_digests_are_made_shortly_before_and_in_the_morning(
    clock: FixedClock, at: str, made: int
) -> None:
    some(a_resident())
    clock.at = datetime.fromisoformat(f"2026-11-24 {at}").replace(tzinfo=SHANGHAI)
    assert gathered() == made


def test_a_second_look_makes_no_second_digest(clock: FixedClock) -> None:
    person = a_resident()
    some(person)
    assert [gathered(), gathered()] == [1, 0]
    later = [due(person, kind) for kind in (MessageKind.RUN_OUT, MessageKind.DOCTOR_CHANGED)]
    assert gathered() == 0
    assert states(later) == {State.QUEUED}


def test_what_is_due_later_the_urgent_and_the_unspread_stay_out() -> None:
    person = a_resident()
    due(person, MessageKind.RUN_OUT)
    due(person, MessageKind.EXPORT_READY, due=MORNING + timedelta(hours=5))
    due(person, MessageKind.ACCOUNT_ADDED)
    due(person, MessageKind.PRESCRIPTION_READY)
    assert gathered() == 0


def test_who_wants_no_digest_gets_none_and_muted_groups_are_no_members() -> None:
    form: dict[str, Any] = {"quiet_from": None, "quiet_to": None, "per_day": None}
    apart, mute = a_resident(), a_resident()
    messaging.wish(by(apart), **form, wants_digest=False, muted=[])
    messaging.wish(by(mute), **form, wants_digest=True, muted=[Group.CARE])
    some(apart)
    some(mute)
    assert gathered() == 0


def test_a_member_withdrawn_leaves_the_others_and_the_last_one_comes_alone(
    clock: FixedClock,
) -> None:
    person = a_resident()
    first, second, third = some(person)
    gathered()
    messaging.withdraw(by_itself(), first.subject_id)
    assert first.state is State.WITHDRAWN
    assert messaging.mend(by_itself()) == 0
    messaging.withdraw(by_itself(), second.subject_id)
    assert go(clock) == [MessageKind.EXPORT_READY]
    assert (third.state, the_digest(person).state) == (State.SENT, State.WITHDRAWN)


def test_with_no_member_left_the_digest_is_withdrawn(clock: FixedClock) -> None:
    person = a_resident()
    members = some(person)
    gathered()
    for one in members:
        messaging.withdraw(by_itself(), one.subject_id)
    assert go(clock) == []
    assert the_digest(person).state is State.WITHDRAWN
    assert states(members) == {State.WITHDRAWN}


def test_once_it_is_sent_members_are_no_more_taken_back(clock: FixedClock) -> None:
    members = some(a_resident())
    gathered()
    go(clock)
    messaging.withdraw(by_itself(), members[0].subject_id)
    assert members[0].state is State.DIGESTED


def test_a_member_that_became_urgent_goes_at_once(clock: FixedClock) -> None:
    person = a_resident()
    members = some(person)
    gathered()
    members[0].urgent, members[0].due_at, members[0].wait_until = True, NIGHT, NIGHT
    db.session.flush()
    assert messaging.mend(by_itself()) == 1
    assert go(clock, NIGHT) == [MessageKind.FOLLOW_UP_DUE]
    assert go(clock) == [MessageKind.DIGEST]


def test_who_takes_back_the_consent_to_reminders_gets_the_rest_alone(clock: FixedClock) -> None:
    person = a_resident()
    members = some(person)
    gathered()
    gone = {"withdrawn_at": NIGHT}
    theirs = identity.Consent.resident_id == person.id
    reminders = identity.Consent.purpose == identity.Purpose.REMINDERS
    db.session.execute(update(identity.Consent).where(theirs, reminders).values(**gone))
    assert go(clock) == [MessageKind.EXPORT_READY]
    assert [one.reason for one in members] == [Reason.UNWELCOME, Reason.UNWELCOME, None]


def test_nothing_is_told_of_who_has_died(clock: FixedClock) -> None:
    person = a_resident()
    members = some(person)
    gathered()
    messaging.close(by_itself(), person.id, Cause.DIED)
    assert go(clock) == []
    assert states([*members, the_digest(person)]) == {State.WITHDRAWN}


def test_what_is_kept_from_the_family_never_becomes_one_of_several_things(
    clock: FixedClock,
) -> None:
    mother = a_resident(account=False)
    a_relative(mother, Scope.REMINDERS, until=NIGHT + timedelta(days=9))
    plain, secret = due(mother, MessageKind.RUN_OUT), due(mother, MessageKind.FOLLOW_UP_DUE)
    kept = Traits(diagnoses=["F20"])
    sensitive.mark(by_itself(), mother.id, [secret.subject_id], kept)
    assert gathered() == 0
    third = due(mother, MessageKind.EXPORT_READY)
    assert gathered() == 1
    assert secret.state is State.QUEUED
    sensitive.mark(by_itself(), mother.id, [third.subject_id], kept)
    assert go(clock) == [MessageKind.RUN_OUT]
    assert plain.state is State.SENT
    assert states([secret, third]) == {State.FAILED}


def test_a_digest_weighs_as_much_as_any_member_and_goes_to_no_family() -> None:
    digest = catalogue().kind[MessageKind.DIGEST]
    members = [one for one in catalogue().kind.values() if one.digest]
    assert digest.weight >= max(one.weight for one in members)
    assert messaging.Channel.FAMILY not in digest.ladder
    assert not any(one.urgent for one in members)
