"""When the seats of a draw are whose: before it, after it, when it is overdue, without one."""

from datetime import timedelta

import pytest
from clinic_builders import a_session
from clinic_builders import at as day_at
from conftest import FixedClock
from lottery_builders import a_lottery, drawn, joined, opened, outcomes, people, result_of
from people import a_resident, by, by_itself
from sqlalchemy import select

from backend import clinics
from backend.clinics.errors import NotReleased
from backend.clinics.models import Seat
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.messaging.models import Message
from jobs import relay

OVERDUE = timedelta(hours=24)


def test_seats_are_nobodys_before_the_draw_and_the_rest_anybodys_after_it(
    app: object, clock: FixedClock
) -> None:
    draw, (one, late) = a_lottery(capacity=2), people(2)
    joined(opened(clock, draw), one)
    for at in (draw.opens_at, draw.closes_at, draw.rest_at):
        clock.at = at
        with pytest.raises(NotReleased):
            clinics.book(by(late), draw.session_id)
    held = drawn(clock, draw)
    clock.at = held.rest_at - timedelta(microseconds=1)
    with pytest.raises(NotReleased):
        clinics.book(by(late), draw.session_id)
    clock.at = held.rest_at
    assert clinics.book(by(late), draw.session_id).state == "booked"


def test_a_draw_that_is_held_late_keeps_the_seats_until_then(
    app: object, clock: FixedClock
) -> None:
    draw, (one, late) = a_lottery(capacity=2), people(2)
    joined(opened(clock, draw), one)
    clock.at = draw.rest_at + timedelta(hours=3)
    with pytest.raises(NotReleased):
        clinics.book(by(late), draw.session_id)
    clinics.close_list(by_itself(), draw.id)
    clinics.hold_draw(by_itself(), draw.id)
    assert outcomes(draw) == {"won": 1}
    assert clinics.book(by(late), draw.session_id).state == "booked"


@pytest.mark.parametrize("days", [0, 10])
def test_a_draw_that_is_overdue_is_void_counts_for_nobody_and_leaves_no_seat_unbookable(
    app: object, clock: FixedClock, days: int
) -> None:
    draw, (person, late) = opened(clock, a_lottery()), people(2)
    (entry,) = joined(draw, person)
    clock.at = draw.rest_at + OVERDUE - timedelta(microseconds=1)
    with pytest.raises(NotReleased):
        clinics.book(by(late), draw.session_id)
    told = clinics.public_session(by_itself(), draw.session_id)
    assert (told.standing, told.next_release_at) == ("not_released", draw.rest_at + OVERDUE)
    clock.at = draw.rest_at + OVERDUE
    assert clinics.public_session(by_itself(), draw.session_id).free == 2
    assert clinics.book(by(late), draw.session_id).state == "booked"
    clock.at += timedelta(days=days)  # the session is over by then
    assert clinics.close_list(by_itself(), draw.id)
    assert clinics.hold_draw(by_itself(), draw.id)
    relay.drain()
    assert clinics.draw(by_itself(), draw.session_id).state == "void"
    assert (result_of(person, entry).outcome, outcomes(draw)) == (None, {})
    kinds = select(Message.kind).where(Message.to_resident_id == person.id)
    assert db.session.execute(kinds).scalars().all() == ["session_changed"]


def test_made_too_late_for_a_draw_the_seats_go_to_whoever_comes_first(app: object) -> None:
    session = a_session()
    session.allocation = clinics.Allocation.LOTTERY
    db.session.flush()
    assert clinics.announce_draw(by_itself(), session.id) is False
    with pytest.raises(NotFound):
        clinics.draw(by_itself(), session.id)
    assert session.allocation == "first_come"
    assert clinics.book(by(a_resident()), session.id).state == "booked"


def test_without_a_draw_contracts_keep_their_seats(app: object, clock: FixedClock) -> None:
    session = a_session(capacity=10, starts_at=day_at(clock.at, days=5, hour=9))
    session.allocation = clinics.Allocation.LOTTERY
    db.session.flush()
    assert clinics.announce_draw(by_itself(), session.id) is False
    signed = select(Seat.number, Seat.flows_at).filter_by(session_id=session.id, quota="signed")
    flows_at = session.starts_at - timedelta(hours=72)
    assert db.session.execute(signed.order_by(Seat.number)).all() == [(1, flows_at), (2, flows_at)]


def test_made_late_it_opens_an_hour_after_its_commitment(app: object) -> None:
    draw = a_lottery(days=8)
    assert draw.opens_at == draw.made_at + timedelta(hours=1)
    assert draw.closes_at - draw.opens_at >= timedelta(hours=24)


def test_a_seat_of_the_draw_is_not_kept_for_contracts(app: object) -> None:
    draw = a_lottery(capacity=3)
    quotas = select(Seat.quota, Seat.releases_at).where(Seat.session_id == draw.session_id)
    assert set(db.session.execute(quotas).all()) == {("open", draw.rest_at + OVERDUE)}


def test_the_timetable_tells_when_the_rest_is_released(app: object, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery(capacity=2)), a_resident()
    told = clinics.public_session(by_itself(), draw.session_id)
    assert (told.standing, told.free, told.next_release_at) == ("not_released", 0, draw.rest_at)
    assert told.allocation == "lottery"
    joined(draw, person)
    drawn(clock, draw)
    assert clinics.public_session(by_itself(), draw.session_id).next_release_at == draw.rest_at
    clock.at = draw.rest_at
    told = clinics.public_session(by_itself(), draw.session_id)
    assert (told.standing, told.free) == ("bookable", 1)
