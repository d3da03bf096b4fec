"""From a weekly roster to sessions with seats, and what a cancelled session does."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from clinic_builders import a_roster, a_session, an_expert, at
from conftest import MORNING
from contract_builders import a_centre
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend import clinics, identity, messaging, network
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, Refusal
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted
from backend.kernel.relations import Kind, is_related
from jobs import clinics as jobs


def days_of(roster: clinics.Roster) -> list[date]:
    found = select(clinics.ClinicSession.day).filter_by(roster_id=roster.id)
    return sorted(db.session.execute(found).scalars())


def a_manager(house: network.Institution) -> identity.Staff:
    return a_member_of_staff(Role.MANAGER, "钱主任", house.id)


def a_plan(**facts: Any) -> clinics.Plan:
    plain: dict[str, Any] = {
        "expert_id": an_expert().id,
        "specialty": "心内科",
        "service": clinics.Service.OUTPATIENT,
        "room": "二楼3诊室",
        "fee": None,
        "weekday": 3,
        "begins": time(9),
        "ends": time(11),
        "capacity": 20,
        "starts_on": MORNING.date(),
        "ends_on": None,
    }
    return clinics.Plan(**plain | facts)


def test_sessions_are_made_for_the_horizon_and_a_day(app: Flask, clock: FixedClock) -> None:
    """Twenty-one days and one, so that a session is there when its first seats are released."""
    roster = a_roster(weekday=1, begins=time(9), ends=time(11))
    clock.at = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    assert jobs.generate() == 4
    assert days_of(roster) == [date(2026, 11, 23) + timedelta(weeks=n) for n in range(4)]


def test_a_session_is_what_its_roster_says(app: Flask) -> None:
    roster = a_roster(capacity=7)
    jobs.generate()
    found = select(clinics.ClinicSession).filter_by(roster_id=roster.id, day=date(2026, 11, 25))
    session = db.session.execute(found).scalar_one()
    assert session.starts_at == datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)
    assert session.releases_at == datetime(2026, 11, 11, 7, tzinfo=SHANGHAI)
    seats = clinics.seats(by_itself(), session.id)
    assert [seat.number for seat in seats] == [1, 2, 3, 4, 5, 6, 7]
    assert (seats[0].starts_at, seats[-1].ends_at) == (session.starts_at, session.ends_at)
    assert all(one.ends_at == next_.starts_at for one, next_ in pairwise(seats))


def test_making_them_again_changes_nothing(app: Flask) -> None:
    a_roster()
    assert jobs.generate() == 3
    assert jobs.generate() == 0


def test_what_is_booked_stays_as_it_was_promised(app: Flask) -> None:
    roster = a_roster()
    jobs.generate()
    session = db.session.execute(select(clinics.ClinicSession)).scalars().first()
    assert session is not None
    booked = clinics.book(by(a_resident()), session.id)
    roster.room, roster.capacity = "三楼1诊室", 5
    jobs.generate()
    db.session.refresh(session)
    assert (session.room, session.capacity, session.taken) == ("二楼3诊室", 20, 1)
    assert clinics.find(by_itself(), booked.id).state == "booked"


def test_nothing_is_made_for_hours_gone_by_or_outside_the_dates(app: Flask) -> None:
    gone = a_roster(weekday=1, begins=time(9), ends=time(10))
    ended = a_roster(ends_on=date(2026, 11, 25))
    later = a_roster(starts_on=date(2026, 12, 1))
    jobs.generate()
    assert days_of(gone) == [date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)]
    assert days_of(ended) == [date(2026, 11, 25)]
    assert days_of(later) == [date(2026, 12, 2), date(2026, 12, 9)]


def test_public_holidays_are_kept_off_but_not_the_weekend(app: Flask, clock: FixedClock) -> None:
    clock.at = datetime(2026, 9, 28, 8, tzinfo=SHANGHAI)
    thursday, saturday = a_roster(weekday=4), a_roster(weekday=6)
    jobs.generate()
    assert days_of(thursday) == [date(2026, 10, 8), date(2026, 10, 15)]
    assert date(2026, 10, 3) not in days_of(saturday)
    assert date(2026, 10, 10) in days_of(saturday)


def test_a_manager_arranges_in_the_own_house(app: Flask) -> None:
    house = a_centre()
    manager = by(a_manager(house))
    roster = clinics.arrange(manager, a_plan())
    assert (roster.institution_id, roster.expert.name) == (house.id, "陆建明")
    assert clinics.generate(manager, 100) == 0
    clinics.publish(manager, [roster.id])
    assert clinics.generate(manager, 100) == 3
    assert clinics.generate(by(a_manager(a_centre())), 100) == 0


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"ends": time(9)}, "/ends"),
        ({"capacity": 121}, "/capacity"),
        ({"starts_on": date(2026, 11, 22)}, "/starts_on"),
        ({"ends_on": date(2026, 11, 22)}, "/ends_on"),
    ],
)
def test_a_plan_that_cannot_be_held_is_pointed_at(
    app: Flask, wrong: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as told:
        clinics.arrange(by(a_manager(a_centre())), a_plan(**wrong))
    assert pointer in {fault.pointer for fault in told.value.faults}


def test_only_those_who_treat_people_hold_clinics(app: Flask) -> None:
    manager = a_manager(a_centre())
    for stranger in (manager.id, a_resident().id):
        with pytest.raises(Invalid):
            clinics.arrange(by(manager), a_plan(expert_id=stranger))


def test_a_cancelled_session_withdraws_each_booking(app: Flask) -> None:
    house, expert = a_centre(), an_expert()
    session = a_session(a_roster(house, expert))
    people = [a_resident(), a_resident()]
    booked = [clinics.book(by(person), session.id) for person in people]
    clinics.cancel_session(by(a_manager(house)), session, "专家外出会诊")
    db.session.flush()
    db.session.expire_all()
    assert (session.state, session.taken, session.free) == ("cancelled", 0, 0)
    assert [clinics.find(by_itself(), each.id).state for each in booked] == ["withdrawn"] * 2
    assert not any(is_related(by(expert), person.id, Kind.BOOKED) for person in people)
    with pytest.raises(Refusal, match="session-cancelled"):
        clinics.book(by(a_resident()), session.id)
    with pytest.raises(IllegalMove):
        clinics.cancel_session(by(a_manager(house)), session, "再次")


def test_a_session_that_was_held_is_not_cancelled(app: Flask, clock: FixedClock) -> None:
    house, person = a_centre(), a_resident()
    session = a_session(a_roster(house))
    booked = clinics.book(by(person), session.id)
    manager = a_manager(house)
    clock.at = session.ends_at - timedelta(minutes=1)
    assert clinics.acts(by(manager), session) == ["cancel"]
    clock.at = session.ends_at
    assert clinics.acts(by(manager), session) == []
    with pytest.raises(Refusal, match="session-ended"):
        clinics.cancel_session(by(manager), session, "专家外出会诊")
    assert clinics.find(by(person), booked.id).state == "booked"


def test_an_expert_is_at_one_house_at_a_time(app: Flask) -> None:
    expert, house, other = an_expert(), a_centre(), a_centre()
    here = by(a_manager(house))
    first = clinics.arrange(here, a_plan(expert_id=expert.id, ends_on=date(2027, 1, 1)))
    clinics.publish(here, [first.id])
    elsewhere = by(a_manager(other))
    clash = {"expert_id": expert.id, "begins": time(10), "ends": time(12)}
    with pytest.raises(Invalid) as told:
        clinics.arrange(elsewhere, a_plan(**clash))
    assert [fault.pointer for fault in told.value.faults] == ["/begins"]
    for free in (
        {"begins": time(11, 30), "ends_on": date(2027, 1, 1)},
        {"weekday": 4},
        {"starts_on": date(2027, 1, 2)},
    ):
        clinics.arrange(elsewhere, a_plan(**clash | free))


def test_the_schema_lets_no_expert_be_twice_at_an_hour(app: Flask) -> None:
    expert, house = an_expert(), a_centre()
    first = a_session(a_roster(house, expert))
    with pytest.raises(IntegrityError, match="ex_clinic_session_expert"):
        a_session(a_roster(expert=expert), starts_at=first.starts_at + timedelta(hours=1))


def test_sessions_that_clash_are_passed_over_and_the_others_made(app: Flask) -> None:
    expert = an_expert()
    first, clashing, free = a_roster(expert=expert), a_roster(expert=expert), a_roster()
    assert jobs.generate() == 6
    assert len(days_of(first)) + len(days_of(clashing)) == 3
    assert len(days_of(free)) == 3
    assert jobs.generate() == 0


def test_a_stranger_cancels_no_session(app: Flask) -> None:
    session = a_session()
    for stranger in (a_manager(a_centre()), an_expert()):
        with pytest.raises(Forbidden):
            clinics.cancel_session(by(stranger), session, "无")


def test_an_ended_roster_takes_its_later_sessions_along(app: Flask) -> None:
    house = a_centre()
    roster = a_roster(house)
    jobs.generate()
    late = db.session.execute(
        select(clinics.ClinicSession).filter_by(day=date(2026, 12, 2))
    ).scalar_one()
    booked = clinics.book(by(a_resident()), late.id)
    manager = by(a_manager(house))
    clinics.end_roster(manager, clinics.hold_roster(manager, roster.id), date(2026, 11, 25))
    assert clinics.find(by_itself(), booked.id).state == "withdrawn"
    assert jobs.generate() == 0
    with pytest.raises(Invalid):
        clinics.end_roster(manager, roster, date(2026, 11, 22))


def test_the_timetable_shows_what_is_to_come_by_time(app: Flask, clock: FixedClock) -> None:
    house = a_centre()
    soon = a_session(a_roster(house), starts_at=at(MORNING, days=1, hour=14))
    later = a_session(a_roster(house, specialty="眼科"), starts_at=at(MORNING, days=2, hour=9))
    a_session()
    shown = clinics.timetable(*seen(), institution_id=house.id)
    assert [session.id for session in shown.items] == [soon.id, later.id]
    eyes = clinics.timetable(*seen(), institution_id=house.id, specialty="眼科")
    assert [session.id for session in eyes.items] == [later.id]
    clock.at = soon.starts_at
    assert [one.id for one in clinics.timetable(*seen(), house.id).items] == [later.id]


def seen() -> tuple[Any, clinics.Span, Wanted]:
    ctx = by_itself()
    return ctx, clinics.Span.of(ctx, None, None), Wanted()


def test_the_booked_are_told_and_told_again_when_it_is_not_held(app: Flask) -> None:
    house = a_centre()
    session, person = a_session(a_roster(house)), a_resident()
    booked = clinics.book(by(person), session.id)
    ids = (person.id, booked.id, session.id)
    for _ in range(2):
        clinics.tell_booked(by_itself(), clinics.BookingMade(*ids))
    assert messages() == [("booking_confirmed", "queued")]
    clinics.cancel_session(by(a_manager(house)), session, "专家外出会诊")
    clinics.cascade.re_offer(by_itself(), clinics.BookingWithdrawn(*ids))
    assert messages() == [("booking_confirmed", "withdrawn"), ("session_cancelled", "queued")]


def messages() -> list[tuple[str, str]]:
    found = select(messaging.Message.kind, messaging.Message.state)
    return sorted((str(row.kind), str(row.state)) for row in db.session.execute(found))


def test_a_day_span_is_bounded(app: Flask) -> None:
    ctx = by_itself()
    span = clinics.Span.of(ctx, None, ctx.today + timedelta(days=400))
    assert span.last - span.first == timedelta(days=31)
    assert clinics.Span.of(ctx, date.max, date.max).last == date.max
