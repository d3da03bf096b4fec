"""The budget at the claim: how many, in which order, at which hour, and by whose wish."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from family_builders import a_relative, acting_for
from flask import Flask
from message_builders import a_message
from people import a_member_of_staff, a_resident, by, by_itself

from backend import identity, messaging
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Kinship, Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Invalid, ScopeNeeded
from backend.kernel.ids import new_id
from backend.kernel.paging import Wanted
from backend.kernel.relations import Kind, relate
from backend.messaging import Group, Message, MessageKind, Outcome, Reason, Result, State, history
from backend.messaging.attention_rules import AttentionPolicy

SENT = Outcome(State.SENT, counted=True, errcode=0)
REFUSED = Outcome(State.FAILED, Reason.NO_CREDIT, counted=True, errcode=43101)
DOUBTFUL = Outcome(State.UNKNOWN, Reason.NO_ANSWER)
NOTHING: dict[str, Any] = {
    "quiet_from": None,
    "quiet_to": None,
    "per_day": None,
    "wants_digest": True,
    "muted": [],
}


@pytest.fixture
def per_day(app: Flask) -> int:
    return by_itself().region.section("attention", AttentionPolicy).per_day


def plain(person: identity.Resident | None = None, **facts: Any) -> Message:
    """A message of middling weight that may go at any lawful minute of any day."""
    return a_message(person, MessageKind.CONTRACT_DECLINED, **facts)


def light(person: identity.Resident, **facts: Any) -> Message:
    return a_message(person, MessageKind.EXPORT_READY, **facts)


def weighty(person: identity.Resident, **facts: Any) -> Message:
    return a_message(person, MessageKind.PRESCRIPTION_READY, **facts)


def go(outcome: Outcome = SENT) -> list[Any]:
    """Claim everything that may go at this moment, one after the other, and settle it so."""
    gone: list[Any] = []
    db.session.flush()
    for _ in range(12):
        claimed = messaging.claim(by_itself(), "s1", 50)
        messaging.settle(by_itself().at, [Result(one.id, one.token, outcome) for one in claimed])
        gone += [one.id for one in claimed]
    db.session.expire_all()
    return gone


def at(clock: FixedClock, text: str) -> None:
    clock.at = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_what_is_over_the_days_budget_waits_for_the_next_morning(
    per_day: int, clock: FixedClock
) -> None:
    person = a_resident()
    messages = [plain(person) for _ in range(per_day + 2)]
    assert len(go()) == per_day
    waiting = [one for one in messages if one.state is State.QUEUED]
    assert {(one.reason, one.wait_until) for one in waiting} == {
        (Reason.OVER_BUDGET, datetime(2026, 11, 24, 7, tzinfo=SHANGHAI))
    }
    (step,) = history.of(waiting[0].id)
    assert (step.step, step.reason) == (messaging.Step.HELD, Reason.OVER_BUDGET)
    at(clock, "2026-11-24 07:00")
    assert len(go()) == 2
    assert {one.state for one in messages} == {State.SENT}


@pytest.mark.parametrize(("outcome", "counts"), [(SENT, True), (DOUBTFUL, True), (REFUSED, False)])
def test_what_arrived_or_may_have_counts_and_what_was_refused_does_not(
    per_day: int, outcome: Outcome, counts: bool
) -> None:
    person = a_resident()
    for _ in range(per_day):
        plain(person)
    assert len(go(outcome)) == per_day
    last = plain(person)
    go()
    assert last.state is (State.QUEUED if counts else State.SENT)


def test_the_urgent_goes_whatever_was_sent_and_takes_no_place(per_day: int) -> None:
    person = a_resident()
    for _ in range(per_day):
        a_message(person, MessageKind.ACCOUNT_ADDED)
    assert len(go()) == per_day
    for _ in range(per_day):
        plain(person)
    assert len(go()) == per_day
    assert len([a_message(person, MessageKind.ACCOUNT_ADDED), *go()]) == 2


def test_a_daughter_who_acts_for_two_parents_gets_no_more_than_others(per_day: int) -> None:
    mother, father = a_resident(account=False), a_resident(account=False)
    until = by_itself().at + timedelta(days=90)
    daughter = a_relative(mother, Scope.REMINDERS, until=until)
    allowed: dict[str, Any] = {"scope": Scope.REMINDERS, "kinship": Kinship.DAUGHTER}
    allowed |= {"source_id": new_id(), "until": until}
    relate(by_itself(), father.id, daughter.id, Kind.PROXY, **allowed)
    from_both = [plain(one) for one in (mother, father) for _ in range(per_day)]
    assert len(go()) == per_day
    assert sum(one.state is State.QUEUED for one in from_both) == per_day


def test_seven_days_running_hold_no_more_than_a_week(app: Flask, clock: FixedClock) -> None:
    policy = by_itself().region.section("attention", AttentionPolicy)
    person = a_resident()
    messages = [plain(person) for _ in range(policy.per_week + policy.per_day)]
    for day in range(23, 30):
        at(clock, f"2026-11-{day} 09:30")
        go()
    assert sum(one.state is State.SENT for one in messages) == policy.per_week
    at(clock, "2026-11-30 07:00")
    assert len(go()) == policy.per_day


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1)])
def test_a_clock_that_jumps_a_day_opens_no_second_budget_for_the_same_day(
    per_day: int, clock: FixedClock, jump: timedelta
) -> None:
    person, start = a_resident(), clock.at
    messages = [plain(person) for _ in range(4 * per_day)]
    assert len(go()) == per_day
    clock.at = start + jump
    go()
    clock.at = start
    assert go() == []
    days = [one.pushed_at.astimezone(SHANGHAI).date() for one in messages if one.sent_at]
    assert max(days.count(day) for day in days) == per_day


def test_the_last_place_of_a_day_is_for_what_matters_more(per_day: int, clock: FixedClock) -> None:
    person = a_resident()
    for _ in range(per_day - 1):
        plain(person)
    go()
    little = light(person)
    much = weighty(person, due=clock.at + timedelta(hours=2))
    assert go() == []
    clock.at += timedelta(hours=2, minutes=5)
    assert go() == [much.id]
    assert little.state is State.QUEUED
    assert little.wait_until == datetime(2026, 11, 24, 7, tzinfo=SHANGHAI)


def test_what_gave_way_for_nothing_goes_after_all(per_day: int, clock: FixedClock) -> None:
    person = a_resident()
    for _ in range(per_day - 1):
        plain(person)
    go()
    little = light(person)
    much = weighty(person, due=clock.at + timedelta(hours=2))
    assert go() == []
    messaging.withdraw(by_itself(), much.subject_id)
    clock.at += timedelta(hours=2, minutes=5)
    assert go() == [little.id]


def test_what_will_never_go_takes_nobodys_place(per_day: int, clock: FixedClock) -> None:
    """Reminders are paused: what is no reminder is told all the same."""
    person = a_resident()
    person.reminders_paused_until = clock.at + timedelta(days=30)
    for _ in range(per_day):
        a_message(person, MessageKind.FOLLOW_UP_DUE, due=clock.at - timedelta(hours=3))
    little = plain(person)
    assert go() == [little.id]


def test_what_would_come_too_late_is_for_the_inbox_alone(per_day: int, clock: FixedClock) -> None:
    person = a_resident()
    for _ in range(per_day):
        plain(person)
    go()
    short = plain(person, expires=clock.at + timedelta(hours=3))
    assert go() == []
    assert (short.state, short.reason) == (State.WITHDRAWN, Reason.OVER_BUDGET)
    shown = messaging.inbox(by(person), Wanted(limit=50))
    assert short.id in [one.id for one in shown.items]


def test_staff_have_a_budget_of_their_own(per_day: int) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    tasks = [a_message(doctor, MessageKind.CONTRACT_APPLIED) for _ in range(per_day + 3)]
    assert len(go()) == len(tasks)


def agree(person: identity.Resident, template: str, times: int) -> None:
    for _ in range(times):
        messaging.report_popup(by(person), new_id(), {template: "accept"})


@pytest.mark.parametrize(
    ("agreed", "due_in_hours", "goes"),
    [(1, 24, False), (1, 96, True), (2, 24, True), (0, 24, True)],
    ids=["the last one is kept", "that is far ahead", "there are two", "nothing is known"],
)
def test_the_last_push_agreed_to_is_kept_for_what_matters_more(
    app: Flask, clock: FixedClock, agreed: int, due_in_hours: int, goes: bool
) -> None:
    person = a_resident()
    agree(person, "JIAYI-SERVICE", agreed)
    little = light(person)
    weighty(person, due=clock.at + timedelta(hours=due_in_hours))
    assert go() == ([little.id] if goes else [])
    if not goes:
        assert (little.state, little.reason) == (State.WITHDRAWN, Reason.KEPT_CREDIT)
        assert not little.obsolete


def test_ones_own_quiet_hours_hold_beside_the_regions(app: Flask, clock: FixedClock) -> None:
    person = a_resident()
    message = plain(person)
    own = {"quiet_from": time(9), "quiet_to": time(11)}
    messaging.wish(by(person), **(NOTHING | own))
    assert go() == []
    assert message.wait_until == datetime(2026, 11, 23, 11, tzinfo=SHANGHAI)
    assert message.reason is None
    messaging.wish(by(person), **NOTHING)
    assert go() == [message.id]


def test_what_is_muted_is_in_the_inbox_alone_and_safety_is_not_muted(app: Flask) -> None:
    person = a_resident()
    message, safety = plain(person), a_message(person, MessageKind.ACCOUNT_ADDED)
    messaging.wish(by(person), **(NOTHING | {"muted": [Group.SERVICES]}))
    assert go() == [safety.id]
    assert (message.state, message.reason) == (State.WITHDRAWN, Reason.MUTED)
    with pytest.raises(Invalid):
        messaging.wish(by(person), **(NOTHING | {"muted": [Group.SAFETY]}))


def test_stop_mutes_one_group_and_keeps_the_other_wishes(app: Flask) -> None:
    person = a_resident()
    messaging.mute(by_itself(), person.id, Group.SAFETY)
    assert messaging.wishes(by(person)).said_at is None
    messaging.wish(by(person), **(NOTHING | {"per_day": 1, "muted": [Group.NEWS]}))
    for _ in range(2):
        messaging.mute(by_itself(), person.id, Group.CARE)
    mine = messaging.wishes(by(person))
    assert (mine.per_day, sorted(mine.muted)) == (1, [Group.CARE, Group.NEWS])


def test_who_wishes_fewer_gets_fewer_and_nobody_gets_more(per_day: int) -> None:
    person = a_resident()
    messaging.wish(by(person), **(NOTHING | {"per_day": 1}))
    for _ in range(3):
        plain(person)
    assert len(go()) == 1
    with pytest.raises(Invalid):
        messaging.wish(by(person), **(NOTHING | {"per_day": per_day + 1}))


@pytest.mark.parametrize(
    ("begins", "ends"), [(time(8), None), (time(8), time(8)), (time(8), time(19))]
)
def test_wishes_that_leave_no_hour_are_refused(app: Flask, begins: time, ends: time | None) -> None:
    with pytest.raises(Invalid):
        messaging.wish(by(a_resident()), **(NOTHING | {"quiet_from": begins, "quiet_to": ends}))


def test_a_relative_tunes_reminders_within_the_scope_alone(app: Flask) -> None:
    person = a_resident()
    helper, other = a_relative(person, Scope.REMINDERS), a_relative(person, Scope.BOOK)
    mine = messaging.wish(acting_for(helper, person), **(NOTHING | {"per_day": 2}))
    assert (mine.per_day, mine.by_kinship) == (2, "son")
    with pytest.raises(ScopeNeeded):
        messaging.wishes(acting_for(other, person))


def test_a_weekends_work_waits_for_monday(app: Flask, clock: FixedClock) -> None:
    at(clock, "2026-11-21 10:00")
    message = a_message(a_resident(), MessageKind.CONTRACT_ENDED)
    assert go() == []
    at(clock, "2026-11-23 07:00")
    assert go() == [message.id]


def test_that_a_session_is_cancelled_waits_for_no_budget(clock: FixedClock, per_day: int) -> None:
    person = a_resident()
    for _ in range(per_day):
        plain(person)
    go()
    where = {"time": "2026年11月23日 15:30", "place": "社区"}
    stop = a_message(person, MessageKind.SESSION_CANCELLED, values=where)
    later = plain(person)
    assert go() == [stop.id]
    assert (later.state, later.reason) == (State.QUEUED, Reason.OVER_BUDGET)
