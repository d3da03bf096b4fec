"""Single days: exceptions, holidays and make-up days, and sessions that follow or are left."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from clinic_builders import a_holiday, a_roster, an_expert
from contract_builders import a_centre
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import a_member_of_staff, a_resident, by, by_itself
from roster_builders import days_of, managing, published, session_on
from sqlalchemy import func, select, text

from backend import clinics, network
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.kernel.ids import new_id
from jobs import clinics as jobs

WEDNESDAY = date(2026, 11, 25)
NEXT = date(2026, 12, 2)
THURSDAY = date(2026, 12, 3)


def off(day: date = NEXT) -> clinics.Otherwise:
    return clinics.Otherwise(day=day, is_held=False, reason="专家外出会议")


def on(day: date, **how: Any) -> clinics.Otherwise:
    return clinics.Otherwise(day=day, is_held=True, reason="临时调整", **how)


def consortium() -> Context:
    houses = frozenset({new_id()})
    return by(Actor(new_id(), Role.CONSORTIUM_MANAGER, houses, None, houses))


def promises(roster: clinics.Roster) -> list[date]:
    found = select(clinics.ClinicPromise.day).filter_by(roster_id=roster.id)
    return sorted(db.session.execute(found).scalars())


def test_a_day_is_not_held_and_then_held_again(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    done = clinics.except_day(manager, roster, off())
    assert days_of(roster) == [WEDNESDAY, date(2026, 12, 9)]
    assert NEXT in promises(roster)  # called off is not forgotten
    assert clinics.forget_exception(manager, roster, done.exception.id) == []
    assert days_of(roster) == [WEDNESDAY, NEXT, date(2026, 12, 9)]
    with pytest.raises(NotFound):
        clinics.forget_exception(manager, roster, done.exception.id)


def test_a_day_with_people_is_left_for_somebody_to_decide(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    session = session_on(roster, NEXT)
    seat = clinics.book(by(a_resident()), session.id)
    done = clinics.except_day(manager, roster, off())
    assert [one.id for one in done.left] == [session.id]
    assert clinics.find(by_itself(), seat.id).state == "booked"
    assert [one.id for one in clinics.astray(manager)] == [session.id]
    clinics.cancel_session(manager, session, "专家外出会议")
    assert clinics.astray(manager) == []


def test_who_gave_a_seat_back_keeps_the_session_from_being_unmade(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    person = by(a_resident())
    seat = clinics.book(person, session_on(roster, NEXT).id)
    clinics.cancel(person, clinics.hold(person, seat.id))
    assert len(clinics.except_day(manager, roster, off()).left) == 1


def test_a_day_at_other_hours_in_another_room_with_a_stand_in(app: Flask) -> None:
    manager, other = managing(a_centre()), an_expert("沈医生")
    roster = published(manager)
    jobs.generate()
    changed = on(NEXT, begins=time(14), ends=time(15), room="三楼", expert_id=other.id)
    assert clinics.except_day(manager, roster, changed).left == []
    session = session_on(roster, NEXT)
    assert (session.room, session.expert_id) == ("三楼", other.id)
    assert session.starts_at == datetime(2026, 12, 2, 14, tzinfo=SHANGHAI)
    assert session_on(roster, WEDNESDAY).room == "二楼3诊室"
    clinics.except_day(manager, roster, on(NEXT, room="四楼"))  # said again, it is replaced
    assert session_on(roster, NEXT).starts_at == datetime(2026, 12, 2, 9, tzinfo=SHANGHAI)


def test_an_extra_date_beside_the_rule(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager, ends_on=date(2026, 12, 31))
    clinics.except_day(manager, roster, on(THURSDAY))
    assert THURSDAY in days_of(roster)


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        (off(date(2026, 11, 22)), "/day"),
        (on(date(2027, 1, 1)), "/day"),
        (on(NEXT, begins=time(9)), "/ends"),
        (on(NEXT, begins=time(9), ends=time(9)), "/ends"),
        (on(NEXT, begins=time(9), ends=time(9, 10)), "/ends"),
        (on(NEXT, expert_id=new_id()), "/expert_id"),
    ],
)
def test_what_no_day_can_be_is_pointed_at(
    app: Flask, told: clinics.Otherwise, pointer: str
) -> None:
    manager = managing(a_centre())
    roster = published(manager, ends_on=date(2026, 12, 31))
    with pytest.raises(Invalid) as refused:
        clinics.except_day(manager, roster, told)
    assert pointer in {fault.pointer for fault in refused.value.faults}


def test_a_stand_in_is_not_in_two_places_either(app: Flask) -> None:
    manager, busy = managing(a_centre()), an_expert("沈医生")
    published(managing(a_centre()), expert_id=busy.id)
    roster = published(manager)
    with pytest.raises(Invalid) as refused:
        clinics.except_day(manager, roster, on(NEXT, expert_id=busy.id))
    assert {fault.pointer for fault in refused.value.faults} == {"/begins"}


def test_what_a_stand_in_holds_is_in_the_way_of_others(app: Flask) -> None:
    manager, lent = managing(a_centre()), an_expert("沈医生")
    roster = published(manager)
    clinics.except_day(manager, roster, on(NEXT, expert_id=lent.id))
    with pytest.raises(Invalid):
        published(managing(a_centre()), expert_id=lent.id)


def test_an_entered_holiday_closes_the_houses_and_a_make_up_day_is_worked(app: Flask) -> None:
    roster = published(managing(a_centre()))
    jobs.generate()
    for day, works in ((NEXT, False), (NEXT, True), (NEXT, False)):
        network.set_day(consortium(), day, works, "临时放假")
        clinics.follow_calendar(by_itself(), network.CalendarChanged(NEXT))
        assert (NEXT in days_of(roster)) is works
    network.forget_day(consortium(), NEXT)
    clinics.follow_calendar(by_itself(), network.CalendarChanged(NEXT))
    assert NEXT in days_of(roster)


def test_a_holiday_with_people_booked_is_left_for_somebody_to_decide(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    jobs.generate()
    clinics.book(by(a_resident()), session_on(roster, NEXT).id)
    network.set_day(consortium(), NEXT, False, "临时放假")
    clinics.follow_calendar(by_itself(), network.CalendarChanged(NEXT))
    assert [one.day for one in clinics.astray(manager)] == [NEXT]


def test_the_calendar_is_kept_by_the_consortium_and_not_of_the_past(app: Flask) -> None:
    with pytest.raises(Forbidden):
        network.set_day(managing(a_centre()), NEXT, False, "放假")
    for act in (
        lambda: network.set_day(consortium(), date(2026, 11, 22), False, "放假"),
        lambda: network.forget_day(consortium(), NEXT),
    ):
        with pytest.raises(Invalid):
            act()


def test_a_year_of_special_days_is_the_printed_one_and_what_was_entered(app: Flask) -> None:
    ctx = by_itself()
    a_holiday(date(2026, 10, 10), works=False, name="不补班")
    found = {each.day: each for each in network.special_days(ctx, 2026)}
    assert (found[date(2026, 10, 1)].name, found[date(2026, 10, 1)].works) == ("国庆节", False)
    assert (found[date(2026, 9, 20)].works, found[date(2026, 9, 20)].is_entered) == (True, False)
    assert (found[date(2026, 10, 10)].name, found[date(2026, 10, 10)].works) == ("不补班", False)
    assert network.special_days(ctx, 2027) == []


def test_what_was_entered_goes_before_the_printed_table(app: Flask, clock: FixedClock) -> None:
    """National Day of 2026: the make-up Saturday is worked by nobody's Saturday roster alone."""
    clock.at = datetime(2026, 9, 28, 8, tzinfo=SHANGHAI)
    a_holiday(date(2026, 10, 8), works=False)
    a_holiday(date(2026, 10, 1), works=True)
    thursday, saturday = a_roster(weekday=4), a_roster(weekday=6)
    jobs.generate()
    assert days_of(thursday) == [date(2026, 10, 1), date(2026, 10, 15)]
    assert days_of(saturday) == [date(2026, 10, 10), date(2026, 10, 17)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2028, 2, 28, 23, 59, 59, tzinfo=SHANGHAI), date(2028, 2, 29)),
        (datetime(2028, 2, 29, 0, 0, tzinfo=SHANGHAI), date(2028, 2, 29)),
        (datetime(2028, 2, 29, 9, 0, tzinfo=SHANGHAI), date(2028, 3, 7)),
        (datetime(2027, 12, 28, 23, 59, tzinfo=SHANGHAI), date(2028, 1, 4)),
    ],
)
def test_the_first_day_at_the_edges_of_the_calendar(
    app: Flask, clock: FixedClock, now: datetime, expected: date
) -> None:
    """29 February, midnight in Shanghai, the end of the year; what has begun is not made."""
    clock.at = now
    roster = a_roster(weekday=2)
    jobs.generate()
    assert days_of(roster)[0] == expected


shifts = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from(["FREQ=WEEKLY;BYDAY=WE,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE",
                         "FREQ=MONTHLY;BYDAY=1WE,2FR"]),
        st.integers(8, 16),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip
PAIRS = text("""
SELECT count(*) FROM clinic_session a JOIN clinic_session b ON a.id < b.id AND a.day = b.day
WHERE a.expert_id = b.expert_id AND a.state = 'open' AND b.state = 'open'
  AND a.starts_at < b.ends_at + CASE WHEN a.institution_id = b.institution_id
    THEN interval '0' ELSE interval '30 minutes' END
  AND b.starts_at < a.ends_at + CASE WHEN a.institution_id = b.institution_id
    THEN interval '0' ELSE interval '30 minutes' END
""")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(shifts, st.lists(st.integers(0, 9), max_size=3))
def test_making_sessions_is_idempotent_and_nobody_is_in_two_places(
    app: Flask, shifts: list[tuple[int, int, str, int, int]], holidays: list[int]
) -> None:
    """Whatever rosters are there, published side by side as no manager could."""
    with db.session.begin_nested() as savepoint:
        experts = [an_expert() for _ in range(3)]
        houses = [a_centre() for _ in range(3)]
        for who, where, rule, begins, hours in shifts:
            ends = time(min(begins + hours, 23))
            hour = {"rule": rule, "begins": time(begins), "ends": ends}
            a_roster(houses[where], experts[who], **hour)
        for n in set(holidays):
            a_holiday(WEDNESDAY + timedelta(n))
        made = jobs_fill()
        before = db.session.execute(select(func.count(clinics.ClinicSession.id))).scalar_one()
        assert (made >= 0, jobs_fill()) == (True, 0)
        after = db.session.execute(select(func.count(clinics.ClinicSession.id))).scalar_one()
        assert before == after
        assert db.session.execute(PAIRS).scalar_one() == 0
        savepoint.rollback()
    db.session.expire_all()


def jobs_fill() -> int:
    """What the job does, in the transaction of the test."""
    total = 0
    while made := clinics.generate(by_itself(), 25):
        total += made
    return total


def test_a_member_of_staff_who_treats_nobody_is_no_stand_in(app: Flask) -> None:
    manager = managing(a_centre())
    roster = published(manager)
    clerk = a_member_of_staff(Role.PHARMACIST)
    with pytest.raises(Invalid):
        clinics.except_day(manager, roster, on(NEXT, expert_id=clerk.id))
