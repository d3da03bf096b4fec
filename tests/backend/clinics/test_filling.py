"""No seat stays empty beside somebody who may have it: how soon, who is passed over, and why."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session, at
from conftest import FixedClock
from contract_builders import a_centre, a_contract, a_team, lead_of
from flask import Flask
from people import a_resident, by, by_itself
from sqlalchemy import update
from waiting_builders import a_full_session, any_session, fills, gives_back, now_at, offered, waits

from backend import clinics, identity
from backend.clinics import waiting_line
from backend.clinics.errors import NotReleased, SeatsKept
from backend.clinics.rules import policy_of
from backend.clinics.waiting_queries import WHY_PASSED
from backend.clinics.waiting_rules import waiting_policy
from backend.kernel import entry
from backend.kernel.database import db
from jobs import runner
from jobs.timetable import TIMETABLE

JOBS = [job for job in TIMETABLE if job.name in {"clinics.fill_waiting", "clinics.lapse"}]


def seconds_until_offered(app: Flask, clock: FixedClock, place: clinics.Place) -> int:
    """Let the jobs tick each second of business time; how long who waits had to."""
    db.session.commit()
    began = clock.at
    for second in range(120):
        clock.at = began + timedelta(seconds=second)
        runner.look(app, JOBS)
        db.session.expire_all()
        if now_at(place).state == "offered":
            return second
    raise AssertionError("nobody was offered the seat")


def seats_change(session: clinics.ClinicSession, **values: object) -> None:
    db.session.execute(
        update(clinics.Seat).where(clinics.Seat.session_id == session.id).values(**values)
    )


def cancelled(session: clinics.ClinicSession, holder: identity.Resident) -> None:
    gives_back(holder)


def of_a_scarce_session(session: clinics.ClinicSession, holder: identity.Resident) -> None:
    session.is_scarce = True
    gives_back(holder)


def flowed_on(session: clinics.ClinicSession, holder: identity.Resident) -> None:
    seats_change(session, quota="referral", flows_at=by_itself().at + timedelta(seconds=30))
    gives_back(holder)


def released(session: clinics.ClinicSession, holder: identity.Resident) -> None:
    gives_back(holder)
    opens = by_itself().at + timedelta(seconds=30)
    seats_change(session, releases_at=opens, came_back_at=None)


def added(session: clinics.ClinicSession, holder: identity.Resident) -> None:
    session.capacity += 1
    first = clinics.seats(by_itself(), session.id)[0]
    told = {"starts_at": first.ends_at, "ends_at": first.ends_at + timedelta(minutes=5)}
    db.session.add(clinics.Seat(session_id=session.id, number=2, is_free=True, **told))


WAYS = [cancelled, of_a_scarce_session, flowed_on, released, added]
Freed = Callable[[clinics.ClinicSession, identity.Resident], None]


@pytest.mark.parametrize("freed", WAYS, ids=lambda way: way.__name__)
def test_a_seat_waits_a_minute_at_most(app: Flask, clock: FixedClock, freed: Freed) -> None:
    session, (holder,) = a_full_session()
    place = waits(session)
    clock.at += timedelta(seconds=1)
    freed(session, holder)
    assert seconds_until_offered(app, clock, place) <= 10


@pytest.mark.parametrize("freed", WAYS[:4], ids=lambda way: way.__name__)
def test_the_public_is_not_quicker(app: Flask, clock: FixedClock, freed: Freed) -> None:
    """Each second before the jobs come round, somebody else tries."""
    session, (holder,) = a_full_session()
    waits(session)
    freed(session, holder)
    for _ in range(10):
        with pytest.raises((NotReleased, SeatsKept)):
            clinics.book(by(a_resident()), session.id)
        clock.at += timedelta(seconds=1)


def test_a_lapsed_offer_is_the_next_ones_within_a_minute(app: Flask, clock: FixedClock) -> None:
    session, (holder,) = a_full_session()
    first, second = waits(session), waits(session)
    gives_back(holder)
    fills()
    clock.at = offered(first).held_until or clock.at
    assert seconds_until_offered(app, clock, second) <= 15


def test_who_becomes_eligible_has_the_seat_within_a_minute(app: Flask, clock: FixedClock) -> None:
    session, (holder,) = a_full_session()
    person = a_resident()
    elsewhere = a_session(a_roster(), capacity=1)
    clinics.book(by(person), elsewhere.id)
    place = waits(session, person)
    gives_back(holder)
    assert fills() == 0
    gives_back(person)
    assert seconds_until_offered(app, clock, place) <= 60


def test_the_reaction_offers_at_once(app: object) -> None:
    session, (holder,) = a_full_session()
    place = waits(session)
    gives_back(holder)
    event = clinics.BookingCancelled(holder.id, session.id, session.id)
    clinics.fill_freed(by_itself(), event)
    assert now_at(place).state == "offered"
    clinics.fill_freed(by_itself(), event)


def overlaps(person: identity.Resident) -> None:
    clinics.book(by(person), a_session(a_roster(), capacity=1).id)


def has_too_much_ahead(person: identity.Resident) -> None:
    for days in range(2, 2 + policy_of(entry.now().region).max_open_bookings):
        begins = at(entry.moment(), days=days, hour=9)
        clinics.book(by(person), a_session(a_roster(), starts_at=begins).id)


def died(person: identity.Resident) -> None:
    person.died_on = by_itself().today


def restricted(person: identity.Resident) -> None:
    person.restricted_at = by_itself().at


def withdrew(person: identity.Resident) -> None:
    own = db.session.query(identity.Consent).filter_by(resident_id=person.id)
    own.filter_by(purpose=identity.Purpose.HEALTH_DATA).one().withdrawn_at = by_itself().at


def rests(person: identity.Resident) -> None:
    for days in range(policy_of(entry.now().region).strikes.most):
        begins = at(entry.moment(), days=days + 2, hour=9)
        booked = clinics.book(by(person), a_session(a_roster(), starts_at=begins).id)
        facts = {"kind": clinics.StrikeKind.NO_SHOW, "at": by_itself().at}
        db.session.add(clinics.Strike(booking_id=booked.id, resident_id=person.id, **facts))
        clinics.cancel(by(person), clinics.hold(by(person), booked.id))


REASONS = {
    overlaps: "overlapping",
    has_too_much_ahead: "over-limit",
    died: "person-closed",
    restricted: "person-closed",
    withdrew: "person-closed",
    rests: "resting",
}


@pytest.mark.parametrize("happens", REASONS, ids=lambda one: one.__name__)
def test_who_may_not_have_it_is_passed_over_and_stands_in_nobodys_way(
    app: object, happens: Callable[[identity.Resident], None]
) -> None:
    session, (holder,) = a_full_session()
    person = a_resident()
    first, second = waits(session, person), waits(session)
    happens(person)
    gives_back(holder)
    assert fills() == 1
    row = db.session.get_one(clinics.WaitingEntry, first.id)
    assert (row.state, row.passed_because) == ("waiting", REASONS[happens])
    assert now_at(first).passed_over == WHY_PASSED[""]
    assert now_at(second).state == "offered"


@pytest.mark.parametrize("way", ["desk", "doctor"])
def test_the_limits_of_a_day_hold_for_who_was_put_on_the_list(app: object, way: str) -> None:
    person, tomorrow = a_resident(), at(entry.moment(), days=1, hour=13)
    for hours in (0, 2):
        begins = tomorrow + timedelta(hours=hours)
        clinics.book(by(person), a_session(starts_at=begins, hours=1).id)
    session, (holder,) = a_full_session(starts_at=at(entry.moment(), days=1, hour=9))
    place = waits(session, person)
    row = db.session.get_one(clinics.WaitingEntry, place.id)
    row.way, row.staff_id = clinics.Way(way), session.expert_id
    gives_back(holder)
    assert fills() == 0
    assert (row.state, row.passed_because) == ("waiting", "over-limit")


def test_the_person_alone_hears_what_is_in_the_way(app: object) -> None:
    session, (holder,) = a_full_session()
    person, doctor = a_resident(), lead_of(team := a_team())
    a_contract(team, person)
    place = waits(session, person)
    overlaps(person)
    gives_back(holder)
    fills()
    own = clinics.find_waiting(by(person), place.id)
    of_the_doctor = clinics.find_waiting(by(doctor), place.id)
    assert own.passed_over == WHY_PASSED["overlapping"]
    assert of_the_doctor.passed_over == WHY_PASSED[""]


def test_who_was_just_passed_over_is_not_tried_each_time(app: object, clock: FixedClock) -> None:
    session, (holder,) = a_full_session()
    person = a_resident()
    place = waits(session, person)
    overlaps(person)
    gives_back(holder)
    fills()
    again = waiting_policy(entry.now().region).again
    assert clinics.next_in_line(by_itself(), session.id) is None
    clock.at += again
    assert clinics.next_in_line(by_itself(), session.id) == place.id


def test_several_seats_go_to_several_people_in_their_order(app: object) -> None:
    session, holders = a_full_session(3)
    places = [waits(session) for _ in range(5)]
    for holder in holders:
        gives_back(holder)
    assert fills() == 3
    assert [now_at(place).state for place in places] == ["offered"] * 3 + ["waiting"] * 2


def test_where_nobody_can_be_asked_in_time_the_seat_is_the_publics(
    app: object, clock: FixedClock
) -> None:
    session, (holder,) = a_full_session()
    place = waits(session)
    clock.at = session.starts_at - timedelta(minutes=61)
    gives_back(holder)
    clock.at = session.starts_at - timedelta(minutes=40) + timedelta(seconds=1)
    assert fills() == 0
    assert clinics.book(by(a_resident()), session.id).state == "booked"
    assert now_at(place).state == "waiting"


def test_what_usually_came_back_is_said_only_where_enough_is_known(
    app: object, clock: FixedClock
) -> None:
    roster, number = a_roster(), waiting_policy(entry.now().region).sessions_to_judge
    for days in range(number):
        begins = at(entry.moment(), days=days + 1, hour=9)
        past, (holder,) = a_full_session(roster=roster, starts_at=begins)
        if days % 2:
            gives_back(holder)
    begins = at(entry.moment(), days=number + 1, hour=9)
    session, _ = a_full_session(roster=roster, starts_at=begins)
    clock.at = at(entry.moment(), days=number, hour=9)
    place = waits(session)
    assert place.usually_given_back is None
    clock.at = past.ends_at
    assert now_at(place).usually_given_back == pytest.approx(0.5)


@pytest.mark.parametrize("kept", ["referral", "signed"])
def test_sessions_whose_free_seats_are_kept_do_not_starve_the_later_ones(
    app: object, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(waiting_line, "AT_ONCE", 1)
    for hour in (8, 13):
        begins = at(entry.moment(), days=1, hour=hour)
        nearer, (leaver, _) = a_full_session(seats=2, starts_at=begins)
        waits(nearer)
        gives_back(leaver)
        free = (clinics.Seat.session_id == nearer.id) & clinics.Seat.is_free
        told = {"quota": kept, "flows_at": begins}
        db.session.execute(update(clinics.Seat).where(free).values(**told))
    later, (holder,) = a_full_session(starts_at=at(entry.moment(), days=3, hour=9))
    place = waits(later)
    gives_back(holder)
    assert fills() == 1
    assert now_at(place).state == "offered"


def test_a_release_is_the_publics_before_who_waits_for_any_session(
    app: object, clock: FixedClock
) -> None:
    begins = at(entry.moment(), days=10, hour=9)
    session = a_session(a_roster(here := a_centre()), starts_at=begins, capacity=2)
    place = clinics.join(by(a_resident()), any_session(here))
    clock.at = session.releases_at - timedelta(seconds=1)
    assert fills() == 0
    clock.at = session.releases_at
    assert clinics.book(by(a_resident()), session.id).state == "booked"
    assert fills() == 1
    assert offered(place).session_id == session.id


@pytest.mark.parametrize("freed", [cancelled, of_a_scarce_session], ids=lambda way: way.__name__)
def test_what_is_given_back_is_first_of_who_waits_for_any_session(
    app: object, freed: Freed
) -> None:
    session, (holder,) = a_full_session(roster=a_roster(here := a_centre()))
    place = clinics.join(by(a_resident()), any_session(here))
    freed(session, holder)
    with pytest.raises(NotReleased):
        clinics.book(by(a_resident()), session.id)
    assert fills() == 1
    assert offered(place).session_id == session.id
