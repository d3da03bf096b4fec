"""摇号: joined once, at any second alike; drawn by a seed whose digest was there before."""

from datetime import date, timedelta

import pytest
from clinic_builders import a_session
from conftest import FixedClock
from family_builders import a_relative, acting_for
from lottery_builders import (
    a_lottery,
    closed,
    drawn,
    joined,
    opened,
    outcomes,
    people,
    result_of,
    row_of,
)
from people import a_resident, by, by_itself
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from backend import clinics
from backend.clinics.errors import NotReleased, Resting
from backend.clinics.lottery_errors import AlreadyJoined, JoiningClosed, NotOpenYet
from backend.clinics.lottery_models import LotteryRank
from backend.clinics.lottery_rules import commitment
from backend.clinics.waiting_models import WaitingEntry
from backend.kernel.context import Scope
from backend.kernel.database import db
from backend.kernel.errors import NotForProxies, NotFound, NotNow
from backend.kernel.paging import Wanted
from backend.kernel.relations import Kind, relate
from backend.kernel.subjects import Cause
from backend.messaging import MessageKind
from backend.messaging.models import Message
from jobs import draws as jobs
from jobs import relay

OLD = date(1945, 3, 8)


def test_the_commitment_is_there_before_joining_and_the_seed_after_the_draw(
    app: object, clock: FixedClock
) -> None:
    draw = a_lottery()
    assert (draw.state, draw.seed, draw.digest) == ("announced", None, None)
    assert draw.made_at < draw.opens_at
    joined(opened(clock, draw), *people(3))
    assert closed(clock, draw).seed is None
    held = drawn(clock, draw)
    assert held.seed
    assert commitment(bytes.fromhex(held.seed)).hex() == draw.commitment == held.commitment
    assert held.state == "drawn"


def test_the_seed_is_sealed_while_it_is_secret(app: object) -> None:
    draw = row_of(a_lottery())
    assert draw.seed
    assert bytes.fromhex(draw.seed) not in draw.seed_sealed
    assert draw.seed.encode() not in draw.seed_sealed


def test_one_joins_from_the_second_of_opening_until_before_that_of_closing(
    app: object, clock: FixedClock
) -> None:
    draw, (first, second, third) = a_lottery(), people(3)
    clock.at = draw.opens_at - timedelta(microseconds=1)
    with pytest.raises(NotOpenYet):
        joined(draw, first)
    clock.at = draw.opens_at
    joined(draw, first)
    clock.at = draw.closes_at - timedelta(microseconds=1)
    joined(draw, second)
    clock.at = draw.closes_at
    with pytest.raises(JoiningClosed):
        joined(draw, third)
    assert drawn(clock, draw).entries == 2


def test_tickets_do_not_tell_who_joined_first(app: object, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    tickets = [entry.ticket for entry in joined(draw, *people(8))]
    assert {ticket.version for ticket in tickets} == {4}
    assert tickets != sorted(tickets)


def test_one_entry_a_person_by_whatever_account(app: object, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    joined(draw, person)
    for again in (by(person), acting_for(a_relative(person, Scope.BOOK), person)):
        with pytest.raises(AlreadyJoined):
            clinics.join_draw(again, draw.session_id, wants_waiting=False)


def test_who_leaves_is_not_drawn_and_may_join_again(app: object, clock: FixedClock) -> None:
    draw, (one, other) = opened(clock, a_lottery()), people(2)
    entry, gone = joined(draw, one, other)
    for person, left in ((one, entry), (other, gone)):
        clinics.leave_draw(by(person), clinics.hold_entry(by(person), left.id))
    (again,) = joined(draw, one)
    assert again.ticket != entry.ticket
    assert drawn(clock, draw).entries == 1
    assert (result_of(one, again).outcome, result_of(other, gone).outcome) == ("won", None)


def test_nobody_leaves_a_closed_list(app: object, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    (entry,) = joined(draw, person)
    closed(clock, draw)
    with pytest.raises(JoiningClosed):
        clinics.leave_draw(by(person), clinics.hold_entry(by(person), entry.id))
    assert not result_of(person, entry).may_leave


def test_the_class_and_its_reason_are_shown(app: object, clock: FixedClock) -> None:
    draw, (young,), (old,), (unsigned,) = (
        opened(clock, a_lottery()), people(1), people(1, OLD), people(1, OLD)
    )  # fmt: skip
    for signed in (young, old):
        relate(by(signed), signed.id, signed.id, Kind.SIGNED, source_id=signed.id)
    told = [(one.priority, one.reason) for one in joined(draw, young, old, unsigned)]
    assert told == [(2, "普通顺序"), (0, "签约居民，年满75岁"), (2, "普通顺序")]


def test_the_class_is_judged_anew_when_the_list_is_closed(app: object, clock: FixedClock) -> None:
    draw, (old,) = opened(clock, a_lottery()), people(1, OLD)
    (entry,) = joined(draw, old)
    relate(by(old), old.id, old.id, Kind.SIGNED, source_id=old.id)
    closed(clock, draw)
    assert (entry.priority, result_of(old, entry).priority) == (2, 0)


def test_a_first_class_is_drawn_before_the_others(app: object, clock: FixedClock) -> None:
    draw, others, (old,) = opened(clock, a_lottery(capacity=1)), people(6), people(1, OLD)
    relate(by(old), old.id, old.id, Kind.SIGNED, source_id=old.id)
    joined(draw, *others)
    (entry,) = joined(draw, old)
    drawn(clock, draw)
    assert (result_of(old, entry).rank, result_of(old, entry).outcome) == (1, "won")
    assert outcomes(draw) == {"won": 1, "not_drawn": 6}


def test_after_two_lost_draws_of_a_specialty_one_comes_first(
    app: object, clock: FixedClock
) -> None:
    first, second, third = (a_lottery(capacity=1, days=days) for days in (14, 15, 16))
    unlike = a_lottery(capacity=1, days=16, specialty="骨科")
    (person, *winners) = people(3)
    for draw, winner in ((first, winners[0]), (second, winners[1])):
        relate(by(winner), winner.id, winner.id, Kind.SIGNED, source_id=winner.id)
        winner.birth_date = OLD
        joined(opened(clock, draw), winner, person)
        drawn(clock, draw)
    clock.at = max(third.opens_at, second.draws_at)
    (entry,) = joined(third, person)
    assert (entry.priority, entry.reason) == (1, "同一科室已连续两次没有中签")
    assert joined(unlike, person)[0].priority == 2


def test_winners_have_seats_and_hear_of_them_once_and_the_rest_hear_too(
    app: object, clock: FixedClock
) -> None:
    draw, crowd = opened(clock, a_lottery(capacity=2)), people(4)
    entries = joined(draw, *crowd)
    drawn(clock, draw)
    assert outcomes(draw) == {"won": 2, "not_drawn": 2}
    relay.drain()
    for person, entry in zip(crowd, entries, strict=True):
        told = result_of(person, entry)
        bookings = clinics.bookings(by(person), Wanted()).items
        won = told.outcome == "won"
        assert [one.id for one in bookings] == ([told.booking_id] if won else [])
        assert all((one.origin, one.state) == ("lottery", "booked") for one in bookings)
        kinds = select(Message.kind).where(
            Message.to_resident_id == person.id, Message.kind != MessageKind.VISIT_NEAR
        )
        expected = ["draw_won" if won else "draw_lost"]
        assert db.session.execute(kinds).scalars().all() == expected


def test_drawing_twice_changes_nothing(app: object, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    joined(draw, *people(3))
    before = drawn(clock, draw)
    assert clinics.close_list(by_itself(), draw.id) is False
    assert clinics.hold_draw(by_itself(), draw.id) is False
    assert clinics.draw(by_itself(), draw.session_id) == before
    assert outcomes(draw) == {"won": 2, "not_drawn": 1}


def test_who_cannot_have_a_seat_is_passed_over_with_a_trace(app: object, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery(capacity=1))
    busy, dead, gone, well = people(4)
    for person in (busy, dead, gone):  # before everybody else
        relate(by(person), person.id, person.id, Kind.SIGNED, source_id=person.id)
        person.birth_date = OLD
    joined(draw, busy, dead, gone, well)
    session = clinics.session(by_itself(), draw.session_id)
    same_hour = a_session(starts_at=session.starts_at)
    clock.at = same_hour.releases_at
    clinics.book(by(busy), same_hour.id)
    closed(clock, draw)
    dead.died_on = by_itself().today
    clinics.close(by_itself(), gone.id, Cause.WITHDRAWN)
    drawn(clock, draw)
    found = db.session.execute(select(LotteryRank).order_by(LotteryRank.rank)).scalars().all()
    assert sorted((str(row.outcome), row.why) for row in found[:3]) == [
        ("passed_over", "gone"),
        ("passed_over", "gone"),
        ("passed_over", "overlapping"),
    ]
    assert (found[3].outcome, found[3].why) == ("won", None)


def test_a_cancelled_session_voids_its_draw(app: object, clock: FixedClock) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    (entry,) = joined(draw, person)
    of_draw = clinics.ClinicSession.id == draw.session_id
    gone = {"state": clinics.SessionState.CANCELLED, "reason": "专家出差"}
    db.session.execute(update(clinics.ClinicSession).where(of_draw).values(gone))
    assert clinics.to_draw(by_itself(), []) == [draw.id]
    assert clinics.hold_draw(by_itself(), draw.id)
    relay.drain()
    told = clinics.draw(by_itself(), draw.session_id)
    assert (told.state, told.seed) == ("void", None)
    assert result_of(person, entry).outcome is None
    (message,) = db.session.execute(select(Message).filter_by(to_resident_id=person.id)).scalars()
    assert (message.kind, message.subject_id) == ("session_changed", entry.id)
    clock.at = draw.closes_at
    assert clinics.to_draw(by_itself(), []) == clinics.to_close(by_itself(), []) == []


def test_who_rests_after_missed_seats_cannot_help_oneself_to_a_draw_either(
    app: object, clock: FixedClock
) -> None:
    draw, person = opened(clock, a_lottery()), a_resident()
    son = a_relative(person, Scope.BOOK)
    for _ in range(3):
        session = a_session()
        booked = clinics.book(by(person), session.id)
        clinics.cancel(by(person), clinics.hold(by(person), booked.id))
        facts = {"kind": clinics.StrikeKind.NO_SHOW, "at": by(person).at}
        db.session.add(clinics.Strike(booking_id=booked.id, resident_id=person.id, **facts))
    db.session.flush()
    with pytest.raises(Resting):
        joined(draw, person)
    with pytest.raises(NotNow) as told:
        clinics.join_draw(acting_for(son, person), draw.session_id, wants_waiting=False)
    assert "没有来" not in str(told.value.detail)


def test_family_joins_for_the_person_unless_it_is_kept_from_them(
    app: object, clock: FixedClock
) -> None:
    person = a_resident()
    son = a_relative(person, Scope.BOOK)
    draw, kept = a_lottery(), a_lottery(specialty="精神心理科")
    opened(clock, draw)
    entry = clinics.join_draw(acting_for(son, person), draw.session_id, wants_waiting=False)
    assert entry.by_kinship == "son"
    with pytest.raises(NotForProxies):
        clinics.join_draw(acting_for(son, person), kept.session_id, wants_waiting=False)
    (hidden,) = joined(kept, person)
    seen = clinics.entries(acting_for(son, person), Wanted()).items
    assert [one.id for one in seen] == [entry.id]
    with pytest.raises(NotFound):
        clinics.draw_entry(acting_for(son, person), hidden.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lottery_draw SET commitment = ''",
        "UPDATE lottery_list SET digest = ''",
        "DELETE FROM lottery_ticket",
        "UPDATE lottery_result SET seed = ''",
        "DELETE FROM lottery_rank",
    ],
)
def test_the_apps_own_role_changes_nothing_that_was_published(app: object, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.session.begin_nested():
        db.session.execute(text(change))


def test_what_is_kept_of_a_person_is_told_and_erased_and_the_draw_stays_whole(
    app: object, clock: FixedClock
) -> None:
    draw, (one, other) = opened(clock, a_lottery()), people(2)
    entry, _ = joined(draw, one, other)
    told = clinics.export(by_itself(), one.id)["lottery_entry"]
    assert [row["ticket"] for row in told] == [str(entry.ticket)]
    ends = [row.text for row in clinics.foresee(by_itself(), one.id)]
    assert ends == ["退出还没有开始的摇号"]
    closed(clock, draw)
    clinics.erase(by_itself(), one.id)
    assert clinics.export(by_itself(), one.id)["lottery_entry"] == []
    assert drawn(clock, draw).state == "drawn"
    assert outcomes(draw) == {"passed_over": 1, "won": 1}


def test_the_jobs_find_what_is_due(app: object, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    joined(draw, *people(3))
    clock.at = draw.draws_at
    assert (jobs.announce(), jobs.close(), jobs.hold()) == (0, 1, 1)
    assert (jobs.announce(), jobs.close(), jobs.hold()) == (0, 0, 0)


def test_nobody_waits_in_line_before_the_draw(app: object, clock: FixedClock) -> None:
    draw = opened(clock, a_lottery())
    with pytest.raises(NotReleased):
        clinics.join(by(a_resident()), clinics.Target(session_id=draw.session_id))


def test_who_was_not_drawn_and_said_so_waits_in_the_order_of_the_draw(
    app: object, clock: FixedClock
) -> None:
    draw, crowd, proud = opened(clock, a_lottery(capacity=1)), people(5), a_resident("林不等")
    entries = joined(draw, *crowd)
    clinics.join_draw(by(proud), draw.session_id, wants_waiting=False)
    drawn(clock, draw)
    relay.drain()
    relay.drain()
    ranked = sorted(
        (told.rank or 0, person.id)
        for person, entry in zip(crowd, entries, strict=True)
        if (told := result_of(person, entry)).outcome == "not_drawn"
    )
    waiting = select(WaitingEntry.resident_id).where(WaitingEntry.session_id == draw.session_id)
    found = db.session.execute(waiting.order_by(WaitingEntry.joined_at)).scalars().all()
    assert found == [person for _, person in ranked]
    assert proud.id not in found
