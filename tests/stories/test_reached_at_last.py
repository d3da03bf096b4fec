"""韩大爷 has no WeChat: his visit is told by text, then by the nurse, and he says 来不了."""

from datetime import timedelta

import pytest
from cascade_builders import follow
from clinic_builders import a_roster, a_session
from conftest import MORNING
from contract_builders import a_team
from family_builders import a_relative, acting_for
from ladder_builders import chain, sent
from message_builders import messages_about
from people import Http, a_member_of_staff, a_resident, by_itself
from sqlalchemy import select, text

from backend import clinics, identity, messaging
from backend.clinics.models import Booking, Seat
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, relate
from backend.messaging import Answer, Channel, MessageKind, Reason, State, history
from jobs import messaging as jobs

pytestmark = pytest.mark.usefixtures("app")


def test_who_has_no_wechat_is_reached_at_last(http: Http, clock: FixedClock) -> None:
    team = a_team()
    person = a_resident("韩大爷", account=False)
    relate(by_itself(), person.id, team.id, Kind.SIGNED, source_id=new_id())  # at the desk
    nurse_id = a_member_of_staff(Role.NURSE, "俞小满", team.institution_id).id
    granddaughter = a_relative(person, Scope.BOOK)  # books for him, and reads nothing of his
    session = a_session(a_roster(), starts_at=MORNING + timedelta(days=2))
    booking_id = clinics.book(acting_for(granddaughter, person), session.id).id
    follow()
    (first,) = [one for one in messages_about(booking_id) if one.kind is MessageKind.VISIT_NEAR]

    clock.at = MORNING.replace(hour=18, minute=1) + timedelta(days=1)  # the evening before
    messaging.claim(by_itself(), "sender", 10, Channel.WECHAT)
    db.session.expire_all()
    assert (first.state, first.reason) == (State.FAILED, Reason.NO_ACCOUNT)

    first_id = first.id
    assert jobs.climb() == 1
    first = db.session.get_one(messaging.Message, first_id)
    (by_text,) = chain(first)
    assert by_text.channel is Channel.SMS
    sent(by_text)

    clock.at += timedelta(hours=3, minutes=1)  # no reply; by now it is night
    by_text_id = by_text.id
    assert jobs.climb() == 1
    first = db.session.get_one(messaging.Message, first_id)
    assert chain(first)[0].id == by_text_id
    nurse = db.session.get_one(identity.Staff, nurse_id)
    assert http("GET", "/staff/calls", nurse).json["items"] == []

    clock.at = MORNING.replace(hour=7, minute=5) + timedelta(days=2)
    nurse = db.session.get_one(identity.Staff, nurse_id)
    (line,) = http("GET", "/staff/calls", nurse).json["items"]
    assert line["name"] == "韩大爷"
    nurse = db.session.get_one(identity.Staff, nurse_id)
    assert http("POST", f"/staff/calls/{line['id']}/taking", nurse).json["phone"]
    nurse = db.session.get_one(identity.Staff, nurse_id)
    told = {"outcome": "reached", "answer": "cannot_come"}
    assert http("POST", f"/staff/calls/{line['id']}/outcome", nurse, json=told).status_code == 200

    follow()
    booking = db.session.get_one(Booking, booking_id)
    assert booking.state is clinics.BookingState.CANCELLED
    freed = select(Seat.is_free).where(
        Seat.session_id == booking.session_id, Seat.number == booking.seat_number
    )
    assert db.session.execute(freed).scalar_one() is True
    first = db.session.get_one(messaging.Message, first_id)
    assert first.answer is Answer.CANNOT_COME
    assert [one.channel for one in chain(first)] == [Channel.SMS, Channel.CALL]
    assert {line.reason for line in history.of(first_id)} >= {Reason.NO_ACCOUNT}
    assert db.session.execute(text("SELECT count(*) FROM message WHERE climbs")).scalar_one() == 0
