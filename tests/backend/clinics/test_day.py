"""The day: it begins, people are called in order, seen, and told honestly how long it takes."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from conftest import MORNING
from contract_builders import a_centre
from day_builders import Day, state_of
from family_builders import a_relative, acting_for
from flask import Flask
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import event, select

from backend import clinics, messaging
from backend.clinics.attendance_rules import Spot, ahead, attendance_of, line, pace
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, Refusal
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove
from backend.messaging import MessageKind


@pytest.fixture
def day(app: Flask, clock: FixedClock) -> Day:
    return Day(clock)


def several(day: Day, *numbers: int) -> list[UUID]:
    """People with these seats who come at the beginning."""
    found = [day.booked(number=number).id for number in numbers]
    day.go(0)
    for booking_id in found:
        day.arrives(booking_id)
    return found


def told(day: Day, booking_id: UUID) -> clinics.day.Ahead:
    found = clinics.day.queue(by_itself(), booking_id).ahead
    assert found is not None
    return found


@pytest.mark.parametrize("who", ["expert", "nurse"])
def test_the_expert_or_the_house_begins_the_day_once(day: Day, who: str) -> None:
    day.go(-10)
    ctx = by(getattr(day, who))
    began = clinics.day.begin(ctx, clinics.day.session_of_day(ctx, day.session.id))
    assert (began.began_at, began.began_by) == (day.clock.at, ctx.actor.id)
    first = began.began_at
    day.go(5)
    assert clinics.day.begin(ctx, clinics.day.session_of_day(ctx, day.session.id)).began_at == first


@pytest.mark.parametrize(
    ("minutes", "code"), [(-61, "too-early-to-check-in"), (120, "check-in-over")]
)
def test_it_begins_neither_long_before_nor_afterwards(day: Day, minutes: int, code: str) -> None:
    day.go(minutes)
    with pytest.raises(Refusal) as refused:
        clinics.day.begin(by(day.nurse), day.session)
    assert refused.value.code == code


def test_strangers_begin_and_call_nothing(day: Day) -> None:
    day.go(0)
    for person in (a_member_of_staff(Role.NURSE, "别家", a_centre().id), a_resident()):
        with pytest.raises(Forbidden):
            clinics.day.begin(by(person), day.session)
        with pytest.raises(Forbidden):
            clinics.day.call(by(person), day.session)


def test_people_are_called_by_number_whenever_they_came(day: Day) -> None:
    first, second, third = (day.booked(number=number).id for number in (3, 1, 2))
    day.go(-30)
    for booking_id in (first, third, second):
        day.arrives(booking_id)
    assert day.board() == ([], [1, 2, 3])
    assert [day.calls() for _ in range(3)] == [1, 2, 3]
    assert day.board() == ([3, 2, 1], [])
    with pytest.raises(Refusal, match="没有已签到"):
        day.calls()


@pytest.mark.parametrize(("minutes", "order"), [(15, [1, 5, 6]), (15.02, [5, 6, 1])])
def test_who_comes_after_the_minutes_of_grace_is_behind_those_present(
    day: Day, minutes: float, order: list[int]
) -> None:
    late = day.booked(number=1).id
    several(day, 5, 6)
    day.go(minutes)
    day.arrives(late)
    assert day.board()[1] == order


def test_who_comes_in_time_later_is_not_before_who_was_late(day: Day) -> None:
    late, seventh, fifth = (day.booked(number=number).id for number in (1, 7, 5))
    several(day, 6)
    day.go(16)
    for booking_id in (late, seventh, fifth):
        day.arrives(booking_id)
    assert day.board()[1] == [5, 6, 1, 7]


def test_who_is_late_and_finds_nobody_is_next(day: Day) -> None:
    late, tenth = day.booked(number=1).id, day.booked(number=10).id
    day.go(40)
    day.arrives(late)
    day.arrives(tenth)
    assert day.board()[1] == [1, 10]


def test_out_of_turn_needs_a_reason_that_is_sealed(day: Day) -> None:
    _, second = several(day, 1, 2)
    with pytest.raises(Refusal, match="写明原因") as refused:
        day.calls(second)
    assert refused.value.code == "out-of-turn"
    assert day.calls(second, "胸痛") == 2
    turn = db.session.execute(select(clinics.day.Turn).filter_by(booking_id=second)).scalar_one()
    assert turn.because == "胸痛"
    assert "胸痛".encode() not in (turn.because_sealed or b"")
    assert day.calls() == 1


def test_the_next_one_by_name_needs_no_reason(day: Day) -> None:
    first, _ = several(day, 1, 2)
    assert day.calls(first, "没必要的理由") == 1
    turn = db.session.execute(select(clinics.day.Turn).filter_by(booking_id=first)).scalar_one()
    assert turn.because is None


def test_who_is_not_there_or_was_called_is_not_called(day: Day) -> None:
    absent = day.booked(number=3).id
    first, _ = several(day, 1, 2)
    day.calls()
    for booking_id in (absent, first):
        with pytest.raises(IllegalMove):
            day.calls(booking_id, "理由")


def test_who_does_not_answer_comes_behind_those_who_wait(day: Day) -> None:
    first, *_ = several(day, 1, 2, 3)
    with pytest.raises(Refusal, match="先叫号"):
        clinics.day.put_back(by(day.nurse), day.held(first))
    day.calls()
    clinics.day.put_back(by(day.nurse), day.held(first))
    assert day.board() == ([], [2, 3, 1])


def test_only_who_is_there_is_seen(day: Day) -> None:
    absent = day.booked().id
    (first,) = several(day, 2)
    with pytest.raises(IllegalMove):
        day.sees(absent)
    day.sees(first)
    booking = db.session.get_one(clinics.Booking, first)
    assert (booking.state, booking.seen_at) == ("seen", day.clock.at)
    with pytest.raises(IllegalMove):
        day.sees(first)


def test_the_line_is_told_with_the_plan_until_the_pace_is_known(day: Day) -> None:
    *before, own = several(day, 1, 2, 3, 4)
    assert told(day, own).about is not None
    clinics.day.begin(by(day.nurse), day.session)
    first = told(day, own)
    assert (first.here, first.about, first.is_real) == (3, 20, False)
    for number, booking_id in enumerate(before, 1):
        day.calls()
        day.go(10 * number)
        day.sees(booking_id)
    assert (told(day, own).here, told(day, own).about) == (0, 0)
    assert told(day, own).is_real


def test_a_person_called_is_still_ahead_and_those_expected_make_it_unsure(day: Day) -> None:
    expected = day.booked(number=2).id
    _, own = several(day, 1, 3)
    day.calls()
    found = told(day, own)
    assert (found.here, found.expected) == (1, 1)
    assert found.most is not None
    assert found.about is not None
    assert found.most > found.about
    day.go(22)
    assert told(day, own).expected == 0
    assert state_of(expected) == "booked"


def test_nothing_is_promised_while_a_late_session_has_not_begun(day: Day) -> None:
    (own,) = several(day, 1)
    day.go(16)
    assert told(day, own).about is None


def test_who_is_called_hears_so_and_who_was_seen_waits_for_nothing(day: Day) -> None:
    (own,) = several(day, 1)
    day.calls()
    queue = clinics.day.queue(by_itself(), own)
    assert (queue.is_called, queue.ahead) == (True, None)
    day.sees(own)
    assert clinics.day.queue(by_itself(), own).ahead is None


def test_a_stranger_and_a_relative_without_the_scope_see_no_line(day: Day) -> None:
    person = a_resident()
    own = day.booked(person).id
    with pytest.raises(NotFound):
        clinics.day.queue(by(a_resident()), own)
    helper = acting_for(a_relative(person, Scope.RESULTS), person)
    with pytest.raises(Forbidden):
        clinics.day.queue(helper, own)


def statements(act: object) -> int:
    """How many statements an act sends."""
    seen: list[str] = []

    def note(_c: object, _cur: object, words: str, *_: object) -> None:
        seen.append(words)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()  # type: ignore[operator]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_line_and_board_cost_two_queries_each(day: Day) -> None:
    own = several(day, 1, 2, 3)[-1]
    ctx, of = by_itself(), day.session.id
    db.session.flush()
    assert statements(lambda: clinics.day.queue(ctx, own)) <= 2
    assert statements(lambda: clinics.day.board(ctx, of)) <= 2


def near(booking_id: UUID) -> int:
    found = select(messaging.Message).filter_by(subject_id=booking_id, kind=MessageKind.QUEUE_NEAR)
    return len(db.session.execute(found).all())


def test_who_is_near_is_told_once(day: Day) -> None:
    found = several(day, 1, 2, 3, 4, 5, 6)
    booking = db.session.get_one(clinics.Booking, found[0])
    day.calls()
    moved = clinics.day.PersonCalled(booking.resident_id, booking.id, day.session.id, False)
    for _ in range(2):
        clinics.day.tell_near(by_itself(), moved)
    assert [near(one) for one in found] == [0, 1, 1, 1, 0, 0]
    day.sees(found[0])
    clinics.day.tell_near(by_itself(), moved)
    assert [near(one) for one in found] == [0, 1, 1, 1, 1, 0]


def test_the_list_of_the_desk_has_who_waits_first(day: Day) -> None:
    absent = day.booked(number=1).id
    first, second = several(day, 3, 2)
    ctx = by(day.nurse)
    found = clinics.day.present(ctx, clinics.day.session_of_day(ctx, day.session.id))
    assert [one.booking.id for one in found] == [second, first, absent]
    assert {one.name for one in found} == {"王桂芬"}


# Pure rules.
BEGIN = MORNING


def spots(*here: int, seen: Sequence[float] = (), expected: Sequence[int] = ()) -> list[Spot]:
    """Those here, those seen so many minutes after the beginning, and those expected."""

    def seat(number: int, **facts: object) -> Spot:
        begins = BEGIN + timedelta(minutes=6 * number)
        span = {"starts_at": begins, "ends_at": begins + timedelta(minutes=6)}
        return Spot(booking_id=new_id(), number=number, **span, **facts)  # type: ignore[arg-type]

    return [
        *(seat(number, is_here=True) for number in here),
        *(seat(number) for number in expected),
        *(seat(90, seen_at=BEGIN + timedelta(minutes=minutes)) for minutes in seen),
    ]


@pytest.mark.parametrize(
    ("seen", "minutes", "is_real"),
    [
        ((), 6, False),
        ((5, 10), 6, False),
        ((10, 20, 30), 10, True),
        ((0, 10, 20, 100), 10, True),
        ((1, 1, 1), 1, True),
        ((1, 2, 3, 4, *range(10, 90, 10)), 10, True),
    ],
)
def test_the_pace_is_todays_once_three_were_seen(
    seen: Sequence[float], minutes: int, is_real: bool
) -> None:
    of = pace(spots(1, 2, seen=seen))
    assert (of.each, of.is_real) == (timedelta(minutes=minutes), is_real)


def test_an_estimate_by_the_real_pace_has_a_span(app: Flask) -> None:
    found = spots(5, 6, 7, seen=(10, 20, 30), expected=[4])
    policy = attendance_of(by_itself().region)
    own = found[2]
    judged = ahead(own, found, BEGIN + timedelta(minutes=30), BEGIN, True, policy)
    assert (judged.here, judged.expected, judged.about) == (2, 1, 20)
    assert (judged.least, judged.most, judged.is_real) == (15, 40, True)


def test_a_line_is_ordered_by_place_then_who_is_behind() -> None:
    a, b = spots(2, 3)
    late = Spot(
        booking_id=new_id(), number=1, starts_at=BEGIN, ends_at=BEGIN, is_here=True, place=3,
        is_behind=True, since=BEGIN,
    )  # fmt: skip
    assert [spot.number for spot in line([late, b, a])] == [2, 3, 1]
