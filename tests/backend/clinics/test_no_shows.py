"""Who did not come, of whom nothing is known, what that costs, and how it is put right."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from clinic_builders import at
from conftest import MORNING
from contract_builders import a_centre
from day_builders import Day, claim_of, state_of
from family_builders import a_relative, acting_for
from flask import Flask
from people import a_member_of_staff, a_resident, an_account, by, by_itself
from sqlalchemy import select

from backend import clinics, identity, messaging
from backend.clinics.attendance_rules import attendance_of, correctable_until, rests_until
from backend.clinics.rules import policy_of
from backend.clinics.settle_service import outcome
from backend.kernel import entry
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, Refusal
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.paging import Wanted
from backend.kernel.subjects import Cause
from backend.messaging import MessageKind
from jobs import clinics as jobs

REASON = "那天突发急病，已经去了医院"


@pytest.fixture
def day(app: Flask, clock: FixedClock) -> Day:
    return Day(clock)


def begun(day: Day) -> None:
    day.go(0)
    clinics.day.begin(by(day.expert), clinics.day.session_of_day(by(day.expert), day.session.id))


def over(day: Day) -> None:
    """So long after the end that it is said who did not come."""
    day.clock.at = day.end + attendance_of(entry.now().region).settle


def strike_of(booking_id: UUID) -> clinics.Strike | None:
    found = select(clinics.Strike).where(clinics.Strike.booking_id == booking_id)
    fresh = found.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


def missed(day: Day, person: identity.Resident | None = None) -> clinics.Strike:
    """The strike of somebody who did not come to a day that was begun."""
    booked = day.booked(person)
    begun(day)
    over(day)
    assert jobs.settle() > 0
    strike = strike_of(booked.id)
    assert strike is not None
    return strike


def messages(kind: MessageKind) -> int:
    found = select(messaging.Message).filter_by(kind=kind)
    return len(db.session.execute(found).all())


def test_who_did_not_come_to_a_day_that_was_begun_missed_it(day: Day) -> None:
    strike = missed(day)
    assert state_of(strike.booking_id) == "missed"
    assert (strike.kind, strike.state) == ("no_show", "standing")
    clinics.day.tell_noted(
        by_itself(), clinics.day.StrikeNoted(strike.resident_id, strike.id, strike.booking_id)
    )
    assert messages(MessageKind.NO_SHOW_NOTED) == 1


def test_nobody_is_blamed_for_a_day_that_nobody_recorded(day: Day) -> None:
    booked = day.booked()
    over(day)
    assert jobs.settle() == 1
    assert state_of(booked.id) == "unrecorded"
    assert strike_of(booked.id) is None


def test_who_was_there_and_never_called_is_not_blamed(day: Day) -> None:
    there, seen = day.booked(), day.booked()
    begun(day)
    for one in (there, seen):
        day.arrives(one.id)
    day.sees(seen.id)
    over(day)
    jobs.settle()
    assert (state_of(there.id), state_of(seen.id)) == ("unrecorded", "seen")
    assert strike_of(there.id) is None


def test_nothing_is_said_before_the_end_and_its_grace(day: Day) -> None:
    booked = day.booked()
    begun(day)
    over(day)
    day.clock.at -= timedelta(seconds=1)
    assert jobs.settle() == 0
    assert state_of(booked.id) == "booked"
    day.clock.at += timedelta(seconds=1)
    assert jobs.settle() == 1
    assert jobs.settle() == 0


def test_a_settled_session_is_looked_at_no_more(day: Day) -> None:
    day.booked()
    over(day)
    jobs.settle()
    db.session.refresh(day.session)
    assert day.session.settled_at == day.clock.at


def test_seats_of_the_desk_are_missed_and_cost_nothing(day: Day) -> None:
    person = a_resident()
    booked = clinics.book_at_desk(by(day.nurse), claim_of(person), day.session.id)
    begun(day)
    over(day)
    jobs.settle()
    assert state_of(booked.id) == "missed"
    assert strike_of(booked.id) is None


@pytest.mark.parametrize("service", ["lecture", "group"])
def test_who_came_to_a_lecture_has_been_there(service: str) -> None:
    lecture = clinics.ClinicSession(service=service)
    assert outcome(clinics.BookingState.ARRIVED, lecture) == "see"
    assert outcome(clinics.BookingState.BOOKED, lecture) == "lose_track"


def test_a_lecture_is_signed_up_for_and_attended(app: Flask, clock: FixedClock) -> None:
    """Everybody's seat stands for all of it: nobody is late, called, or left unrecorded."""
    day = Day(clock, service=clinics.Service.LECTURE)
    first, late, absent = day.booked(), day.booked(), day.booked()
    begun(day)
    day.arrives(first.id)
    day.go(60)
    day.arrives(late.id)
    turns = db.session.execute(select(clinics.day.Turn)).scalars()
    assert not any(turn.is_behind for turn in turns)
    over(day)
    jobs.settle()
    assert [state_of(one.id) for one in (first, late, absent)] == ["seen", "seen", "missed"]


def test_the_house_counts_who_came(day: Day) -> None:
    there, _ = day.booked(), day.booked()
    begun(day)
    day.arrives(there.id)
    day.sees(there.id)
    over(day)
    jobs.settle()
    manager = by(a_member_of_staff(Role.MANAGER, "钱主任", day.house.id))
    counts = clinics.day.attendance(manager, day.session)
    assert (counts[clinics.BookingState.SEEN], counts[clinics.BookingState.MISSED]) == (1, 1)
    elsewhere = by(a_member_of_staff(Role.MANAGER, "别家主任", a_centre().id))
    assert set(clinics.day.attendance(elsewhere, day.session).values()) == {0}


@pytest.mark.parametrize(
    ("hours", "counts"), [(4.001, False), (4, False), (3.999, True), (1, True)]
)
def test_a_seat_given_back_late_counts(
    app: Flask, clock: FixedClock, hours: float, counts: bool
) -> None:
    day, person = Day(clock, at(MORNING, days=1, hour=9)), a_resident()
    booked = day.booked(person)
    clock.at = booked.starts_at - timedelta(hours=hours)
    clinics.cancel(by(person), clinics.hold(by(person), booked.id))
    strike = strike_of(booked.id)
    assert (strike is not None) == counts
    assert strike is None or strike.kind == "late_cancel"


def rested(day: Day, person: identity.Resident) -> datetime:
    """Miss as many seats as it takes; until when online booking rests."""
    for n in range(policy_of(entry.now().region).strikes.most):
        next_day = Day(day.clock, at(day.clock.at, days=n + 1, hour=14))
        missed(next_day, person)
    until = clinics.day.own_strikes(by(person)).rests_until
    assert until is not None
    return until


def test_enough_of_them_rest_online_booking_and_nothing_else(day: Day) -> None:
    person = a_resident()
    until = rested(day, person)
    other = Day(day.clock, at(day.clock.at, days=1, hour=14))
    with pytest.raises(Refusal) as refused:
        other.booked(person)
    assert refused.value.code == "resting"
    booked = clinics.book_at_desk(by(other.nurse), claim_of(person), other.session.id)
    assert booked.state == "booked"
    day.clock.at = until
    assert clinics.day.own_strikes(by(person)).rests_until is None
    later = Day(day.clock, at(day.clock.at, days=1, hour=14))
    assert later.booked(person).state == "booked"


def test_they_count_for_the_person_whichever_account_acts(day: Day) -> None:
    person = a_resident()
    an_account(resident_id=person.id)
    until = rested(day, person)
    assert clinics.day.own_strikes(by(person)).rests_until == until
    assert clinics.day.own_strikes(by(a_resident())).items == []


def test_the_rule_counts_within_its_window_only(app: Flask) -> None:
    rule = policy_of(entry.now().region).strikes
    now = MORNING
    recent = [now - timedelta(days=n) for n in (1, 2, 3)]
    assert rests_until(recent, now, rule) == recent[0] + rule.rest
    assert rests_until(recent[:2], now, rule) is None
    assert rests_until([*recent[:2], now - rule.window], now, rule) is None
    assert rests_until(recent, recent[0] + rule.rest, rule) is None


def test_a_person_sees_what_is_held_against_them_and_explains_once(day: Day) -> None:
    person = a_resident()
    strike = missed(day, person)
    shown = clinics.day.own_strikes(by(person))
    assert [one.strike.id for one in shown.items] == [strike.id]
    assert (shown.counting, shown.rests_until) == (1, None)
    told = clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    assert (told.strike.state, told.strike.because) == ("appealed", REASON)
    assert REASON.encode() not in (told.strike.because_sealed or b"")
    with pytest.raises(IllegalMove):
        clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    with pytest.raises(NotFound):
        clinics.day.hold_strike(by(a_resident()), strike.id)


def test_what_was_noted_long_ago_is_explained_at_the_desk(day: Day) -> None:
    person = a_resident()
    strike = missed(day, person)
    day.clock.at = strike.at + timedelta(days=30, seconds=1)
    with pytest.raises(Refusal) as refused:
        clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    assert refused.value.code == "too-late-to-appeal"


def appealed(day: Day) -> clinics.Strike:
    person = a_resident()
    strike = missed(day, person)
    clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    return strike


@pytest.mark.parametrize(("is_lifted", "state"), [(True, "lifted"), (False, "upheld")])
def test_the_house_decides_with_an_answer(day: Day, is_lifted: bool, state: str) -> None:
    strike = appealed(day)
    chief = by(a_member_of_staff(Role.MANAGER, "钱主任", day.house.id))
    clinics.day.ask_house(by_itself(), clinics.day.StrikeAppealed(strike.resident_id, strike.id))
    assert messages(MessageKind.APPEAL_TO_DECIDE) == 1
    (waiting,) = clinics.day.to_decide(chief, Wanted()).items
    assert (waiting.strike.because, waiting.name) == (REASON, "王桂芬")
    held = clinics.day.hold_strike(chief, strike.id)
    told = clinics.day.decide(chief, held, "情况属实", is_lifted=is_lifted)
    assert (told.strike.state, told.strike.answer) == (state, "情况属实")
    assert told.strike.decided_by == chief.actor.id
    assert clinics.day.to_decide(chief, Wanted()).items == []
    clinics.day.tell_decided(
        by_itself(), clinics.day.StrikeDecided(strike.resident_id, strike.id, is_lifted)
    )
    assert messages(MessageKind.APPEAL_ANSWERED) == 1
    with pytest.raises(IllegalMove):
        clinics.day.decide(chief, held, "再想想", is_lifted=not is_lifted)


def test_another_house_neither_sees_nor_decides(day: Day) -> None:
    strike = appealed(day)
    stranger = by(a_member_of_staff(Role.NURSE, "别家护士", a_centre().id))
    assert clinics.day.to_decide(stranger, Wanted()).items == []
    with pytest.raises(NotFound):
        clinics.day.hold_strike(stranger, strike.id)
    with pytest.raises(Forbidden):
        clinics.day.decide(stranger, strike, "不行", is_lifted=False)


def test_who_recorded_the_day_decides_only_where_nobody_else_can(
    app: Flask, clock: FixedClock
) -> None:
    day, person = Day(clock), a_resident()
    booked = day.booked(person)
    day.go(0)
    clinics.day.begin(by(day.nurse), day.session)
    over(day)
    jobs.settle()
    strike = strike_of(booked.id)
    assert strike is not None
    clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    colleague, nurse = a_member_of_staff(Role.NURSE, "沈护士", day.house.id), by(day.nurse)
    with pytest.raises(Refusal) as refused:
        clinics.day.decide(
            nurse, clinics.day.hold_strike(nurse, strike.id), "不行", is_lifted=False
        )
    assert refused.value.code == "by-another"
    colleague.left_at = clock.at
    db.session.flush()
    told = clinics.day.decide(
        nurse, clinics.day.hold_strike(nurse, strike.id), "好的", is_lifted=True
    )
    assert told.strike.state == "lifted"


def test_what_nobody_answers_counts_no_more(day: Day) -> None:
    strike = appealed(day)
    appealed_at = day.clock.at
    day.clock.at = appealed_at + timedelta(days=7) - timedelta(seconds=1)
    assert jobs.lift_unanswered() == 0
    day.clock.at = appealed_at + timedelta(days=7)
    assert jobs.lift_unanswered() == 1
    lifted = strike_of(strike.booking_id)
    assert lifted is not None
    assert (lifted.state, lifted.decided_by) == ("lifted", None)
    assert jobs.lift_unanswered() == 0


def corrected(day: Day, booking_id: UUID) -> clinics.Booking:
    ctx = by(day.expert)
    return clinics.day.correct(ctx, clinics.day.hold_of_day(ctx, booking_id))


@pytest.mark.parametrize("explain", [False, True])
def test_who_was_there_after_all_has_been_seen(day: Day, explain: bool) -> None:
    person = a_resident()
    strike = missed(day, person)
    if explain:
        clinics.day.appeal(by(person), clinics.day.hold_strike(by(person), strike.id), REASON)
    booking = corrected(day, strike.booking_id)
    assert (booking.state, booking.arrived_at) == ("seen", day.clock.at)
    lifted = strike_of(strike.booking_id)
    assert lifted is not None
    assert (lifted.state, lifted.decided_by) == ("lifted", day.expert.id)
    with pytest.raises(IllegalMove):
        corrected(day, strike.booking_id)


def test_it_is_corrected_until_midnight_in_shanghai(day: Day) -> None:
    strike = missed(day)
    day.clock.at = datetime(2026, 11, 23, 23, 59, 59, tzinfo=SHANGHAI)
    held = clinics.day.hold_of_day(by(day.expert), strike.booking_id)
    day.clock.at = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)
    with pytest.raises(NotFound):
        clinics.day.hold_of_day(by(day.expert), strike.booking_id)
    with pytest.raises(Forbidden):
        clinics.day.correct(by(day.expert), held)
    day.clock.at -= timedelta(seconds=1)
    assert corrected(day, strike.booking_id).state == "seen"


def test_what_is_settled_after_midnight_is_corrected_the_next_day(app: Flask) -> None:
    policy = attendance_of(entry.now().region)
    late = datetime(2026, 11, 23, 23, 30, tzinfo=SHANGHAI)
    assert correctable_until(late, policy) == datetime(2026, 11, 25, tzinfo=SHANGHAI)
    early = datetime(2026, 11, 23, 22, 59, tzinfo=SHANGHAI)
    assert correctable_until(early, policy) == datetime(2026, 11, 24, tzinfo=SHANGHAI)


def test_a_relative_sees_no_strike_of_what_is_kept_from_it(app: Flask, clock: FixedClock) -> None:
    person = a_resident()
    hidden, plain = Day(clock, specialty="精神心理科"), Day(clock, at(MORNING, hour=17))
    clinics.book(by(person), plain.session.id)
    strike = missed(hidden, person)
    begun(plain)
    over(plain)
    jobs.settle()
    helper = acting_for(a_relative(person, Scope.BOOK), person)
    found = clinics.day.own_strikes(helper)
    assert [one.session.specialty for one in found.items] == ["心内科"]
    assert found.counting == 1
    with pytest.raises(NotFound):
        clinics.day.hold_strike(helper, strike.id)
    assert len(clinics.day.own_strikes(by(person)).items) == 2


def test_a_person_reads_and_loses_what_is_kept_of_the_day(day: Day) -> None:
    person = a_resident()
    card = clinics.day.issue_card(by(day.nurse), claim_of(person))
    there = day.booked(person)
    begun(day)
    day.arrives(there.id)
    told = clinics.export(by_itself(), person.id)
    assert [row["way"] for row in told["clinic_turn"]] == ["desk"]
    assert [row["id"] for row in told["paper_card"]] == [str(card.id)]
    assert card.code not in str(told)
    clinics.close(by_itself(), person.id, Cause.WITHDRAWN)
    with pytest.raises(Refusal):
        clinics.day.check_in_by_card(by(day.nurse), card.code)
    clinics.erase(by_itself(), person.id)
    assert not any(clinics.export(by_itself(), person.id).values())
