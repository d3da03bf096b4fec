"""Offers by phone: whom the desk calls, until when, and what came of it."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster
from conftest import FixedClock
from contract_builders import a_centre
from mandate_builders import present
from people import a_member_of_staff, a_resident, by, by_itself
from waiting_builders import a_full_session, entry_of, fills, gives_back, now_at, offered, waits

from backend import clinics, identity, messaging, network
from backend.clinics.errors import OfferOver
from backend.clinics.waiting_errors import ConsentUnsaid
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import ConsentNeeded, Forbidden, NotFound
from backend.kernel.paging import Wanted

OUTCOME = clinics.CallOutcome


class Desk:
    """A nurse of a house, who has put somebody without a phone on a list; a seat came free."""

    def __init__(self, *, behind: bool = False) -> None:
        self.house: network.Institution = a_centre()
        self.nurse = a_member_of_staff(Role.NURSE, "沈护士", self.house.id)
        self.session, (holder,) = a_full_session(roster=a_roster(self.house))
        self.person = a_resident("张奶奶", account=False)
        target = clinics.Target(session_id=self.session.id)
        self.place = clinics.join_at_desk(by(self.nurse), present(self.person), target)
        self.next = waits(self.session) if behind else self.place
        gives_back(holder)
        fills()

    def calls(self) -> list[clinics.Call]:
        return list(clinics.calls(by(self.nurse), Wanted()).items)

    def says(self, outcome: clinics.CallOutcome) -> clinics.Place:
        ctx = by(self.nurse)
        aloud = outcome is OUTCOME.CONFIRMED
        entry = clinics.call_entry(ctx, self.place.id)
        return clinics.record_call(ctx, entry, outcome, agreed_aloud=aloud)


def test_the_desk_is_told_whom_to_call_and_until_when(app: object) -> None:
    desk = Desk()
    assert (desk.place.reach, desk.place.way) == ("phone", "desk")
    (call,) = desk.calls()
    assert (call.name, call.phone, call.calls) == ("张奶奶", "13805720001", 0)
    assert call.offered_until == offered(desk.place).held_until
    elsewhere = a_member_of_staff(Role.NURSE, "外院护士", a_centre().id)
    assert list(clinics.calls(by(elsewhere), Wanted()).items) == []
    with pytest.raises(NotFound):
        clinics.call_entry(by(elsewhere), desk.place.id)
    with pytest.raises(Forbidden):
        clinics.record_call(by(elsewhere), entry_of(desk.place), OUTCOME.DECLINED)


def test_a_yes_on_the_phone_books_and_says_who_heard_it(app: object) -> None:
    desk = Desk()
    with pytest.raises(ConsentUnsaid):
        clinics.record_call(by(desk.nurse), entry_of(desk.place), OUTCOME.CONFIRMED)
    assert desk.says(OUTCOME.CONFIRMED).state == "served"
    booking = offered(desk.place)
    assert (booking.state, booking.origin) == ("booked", "waiting_list")
    assert booking.staff_id == desk.nurse.id
    call = db.session.query(clinics.WaitingCall).one()
    assert (call.outcome, call.agreed_aloud, call.staff_id) == ("confirmed", True, desk.nurse.id)
    assert desk.calls() == []


def test_a_no_on_the_phone_gives_the_seat_to_the_next(app: object) -> None:
    desk = Desk(behind=True)
    assert desk.says(OUTCOME.DECLINED).state == "left"
    fills()
    assert now_at(desk.next).state == "offered"


def test_who_is_not_reached_is_called_again_and_then_the_next_has_the_turn(app: object) -> None:
    desk = Desk(behind=True)
    for tries in (1, 2):
        assert desk.says(OUTCOME.NOT_REACHED).state == "offered"
        assert desk.calls()[0].calls == tries
    assert desk.says(OUTCOME.NOT_REACHED).state == "waiting"
    fills()
    assert now_at(desk.next).state == "offered"
    assert now_at(desk.place).state == "waiting"


def test_a_wrong_number_is_said_so_and_ends_the_entry(app: object) -> None:
    desk = Desk(behind=True)
    place = desk.says(OUTCOME.WRONG_NUMBER)
    assert (place.state, place.end_reason) == ("over", "wrong_number")
    fills()
    assert now_at(desk.next).state == "offered"


def test_after_its_end_the_seat_is_not_given_by_phone(app: object, clock: FixedClock) -> None:
    desk = Desk()
    clock.at = offered(desk.place).held_until or clock.at
    assert desk.calls() == []
    with pytest.raises(OfferOver):
        desk.says(OUTCOME.CONFIRMED)


def test_the_desk_leaves_for_the_person_and_for_nobody_else(app: object) -> None:
    desk = Desk()
    with pytest.raises(NotFound):
        clinics.leave_at_desk(by(desk.nurse), present(a_resident("别人")), desk.place.id)
    left = clinics.leave_at_desk(by(desk.nurse), present(desk.person), desk.place.id)
    assert left.state == "left"
    assert offered(desk.place).state == "declined"


def test_nobody_is_put_on_a_list_without_having_agreed(app: object) -> None:
    desk = Desk()
    person = a_resident("李爷爷", account=False)
    db.session.query(identity.Consent).filter_by(resident_id=person.id).delete()
    target = clinics.Target(session_id=a_full_session()[0].id)
    with pytest.raises(ConsentNeeded):
        clinics.join_at_desk(by(desk.nurse), present(person), target)


def test_the_desk_is_written_to_once_and_not_after_the_answer(app: object) -> None:
    desk = Desk()
    booking = offered(desk.place)
    event = clinics.SeatOffered(desk.person.id, booking.id, desk.session.id, "waiting_list")
    for _ in range(2):
        clinics.ask_desk(by_itself(), event)
    wanted = {"kind": messaging.MessageKind.PHONE_OFFER, "to_staff_id": desk.nurse.id}
    (message,) = db.session.query(messaging.Message).filter_by(**wanted)
    made = clinics.BookingMade(desk.person.id, booking.id, desk.session.id)
    clinics.leave_served(by_itself(), made)
    db.session.refresh(message)
    assert message.state == "withdrawn"


@pytest.mark.parametrize("reason", ["no_seat", "session_cancelled", "unanswered"])
def test_who_waited_in_vain_is_told_once(app: object, reason: str) -> None:
    session, _ = a_full_session()
    person = a_resident()
    place = waits(session, person)
    for _ in range(2):
        clinics.tell_waiting_over(by_itself(), clinics.WaitingOver(person.id, place.id, reason))
    (message,) = db.session.query(messaging.Message).filter_by(subject_id=place.id)
    assert message.page == f"pages/waiting/detail?id={place.id}"


def test_who_left_the_service_is_told_nothing(app: object, clock: FixedClock) -> None:
    session, _ = a_full_session()
    person = a_resident()
    place = waits(session, person)
    clock.at += timedelta(minutes=1)
    clinics.tell_waiting_over(by_itself(), clinics.WaitingOver(person.id, place.id, "closed"))
    assert db.session.query(messaging.Message).filter_by(subject_id=place.id).count() == 0
