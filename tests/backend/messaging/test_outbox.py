"""Claims under a lease, results under its token."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from message_builders import a_message
from people import a_member_of_staff, a_resident, by_itself
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from backend import messaging
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import (
    Claimed,
    Message,
    Outcome,
    Reason,
    Result,
    State,
    attention,
    history,
    outbox,
)

SENT = Outcome(State.SENT, counted=True, errcode=0)


def claim(limit: int = 10) -> list[Claimed]:
    db.session.flush()
    return messaging.claim(by_itself(), "s1", limit)


def settle(claimed: Sequence[Claimed], outcome: Outcome = SENT) -> int:
    done = [Result(one.id, one.token, outcome) for one in claimed]
    settled = messaging.settle(by_itself().at, done)
    db.session.expire_all()
    return settled


def test_what_is_due_is_claimed_and_settled(app: Flask) -> None:
    message, later = a_message(), a_message(due=by_itself().at + timedelta(minutes=1))
    claimed = claim()
    assert [one.id for one in claimed] == [message.id]
    assert claim() == []
    assert settle(claimed) == 1
    assert (message.state, message.attempts, message.errcode) == (State.SENT, 1, 0)
    assert message.sent_at == by_itself().at
    assert later.state is State.QUEUED


def test_one_message_of_a_person_is_in_flight(app: Flask) -> None:
    resident = a_resident()
    messages = [a_message(resident) for _ in range(3)]
    (first,) = claim()
    assert claim() == []
    settle([first])
    (second,) = claim()
    assert [first.id, second.id] == [one.id for one in messages[:2]]


def test_who_is_never_reached_blocks_nobody(app: Flask) -> None:
    nobody = a_message(a_resident(account=False))
    somebody = a_message()
    assert [one.id for one in claim()] == [somebody.id]
    db.session.expire_all()
    assert (nobody.state, nobody.reason) == (State.FAILED, Reason.NO_ACCOUNT)


def test_the_urgent_goes_first(app: Flask) -> None:
    a_message(kind=messaging.MessageKind.FOLLOW_UP_DUE)
    urgent = a_message(kind=messaging.MessageKind.EMERGENCY_ALERT)
    assert [one.id for one in claim(1)] == [urgent.id]


def test_a_backlog_of_the_evening_waits_for_the_morning(app: Flask, clock: FixedClock) -> None:
    clock.at = datetime(2026, 11, 23, 20, 50, tzinfo=SHANGHAI)
    calm = a_message(kind=messaging.MessageKind.FOLLOW_UP_DUE)
    to_staff = a_message(a_member_of_staff(Role.DOCTOR), messaging.MessageKind.FOLLOW_UP_TASK)
    clock.at = datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)
    urgent = a_message(kind=messaging.MessageKind.EMERGENCY_ALERT)
    assert [one.id for one in claim()] == [urgent.id]
    clock.at = datetime(2026, 11, 24, 7, 0, tzinfo=SHANGHAI)
    assert {one.id for one in claim()} == {calm.id, to_staff.id}


def test_what_is_withdrawn_while_it_is_sent_never_returns_to_the_queue(app: Flask) -> None:
    sent, returned = a_message(), a_message()
    claimed = sorted(claim(), key=lambda one: one.id == sent.id)
    for message in (returned, sent):
        messaging.withdraw(by_itself(), message.subject_id)
        assert message.state is State.SENDING
    settle(claimed[:1], messaging.NOT_REACHED)
    settle(claimed[1:])
    assert (returned.state, returned.reason) == (State.WITHDRAWN, Reason.OBSOLETE)
    assert (sent.state, sent.reason) == (State.SENT, None)


def test_a_pause_is_kept_in_real_time(app: Flask) -> None:
    message = a_message()
    settle(claim(), Outcome(State.QUEUED, Reason.BUSY, pause_s=60, counted=True))
    assert (message.state, message.attempts) == (State.QUEUED, 1)
    assert claim() == []


def test_a_lease_that_ran_out_leaves_the_message_in_doubt_and_its_sender_unable_to_write(
    app: Flask,
) -> None:
    message = a_message()
    claimed = claim()
    assert messaging.take_over() == 0
    db.session.execute(text("UPDATE message SET lease_until = now() - interval '16 s'"))
    assert messaging.take_over() == 1
    assert settle(claimed) == 0
    assert (message.state, message.reason) == (State.UNKNOWN, Reason.LEASE_LOST)


def test_an_older_token_cannot_write(app: Flask) -> None:
    message = a_message()
    stale = claim()
    settle(stale, messaging.RELEASED)
    claim()
    assert settle(stale) == 0
    assert message.state is State.SENDING


def test_without_its_token_a_late_write_would_change_what_another_holds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the fence: the same write, its token not asked for."""
    message = a_message()
    stale = claim()
    settle(stale, messaging.RELEASED)
    claim()
    unfenced = str(outbox._SETTLE).replace("AND message.lease_token = r.token", "")
    monkeypatch.setattr(outbox, "_SETTLE", text(unfenced))
    assert settle(stale) == 1
    assert message.state is State.SENT


def test_what_a_sender_holds_is_told(app: Flask) -> None:
    a_message()
    (claimed,) = claim()
    assert messaging.held_by("s1") == [(claimed.id, claimed.token)]
    assert messaging.held_by("s2") == []
    assert db.session.get_one(Message, claimed.id).sender == "s1"
    assert claimed.token != new_id()


@pytest.mark.parametrize(
    "poison",
    ["kind = 'none_of_ours'", "expires_at = 'infinity'", "due_at = '-infinity'"],
)
def test_a_row_that_cannot_be_read_is_put_aside_alone(app: Flask, poison: str) -> None:
    bad, good = a_message().id, a_message().id
    db.session.execute(text(f"UPDATE message SET {poison} WHERE id = '{bad}'"))
    assert [one.id for one in claim()] == [good]
    put_aside = text("SELECT state, reason FROM message WHERE id = :id")
    assert db.session.execute(put_aside, {"id": bad}).one() == ("failed", "quarantined")
    assert [line.reason for line in history.of(bad)] == [Reason.QUARANTINED]


TIMED_OUT = OperationalError("", {}, Exception("canceling statement due to lock timeout"))

REFUSED = IntegrityError("", {}, Exception("violates check constraint"))


def breaking(monkeypatch: pytest.MonkeyPatch, *defects: Exception) -> None:
    """The first judgements break so, one after the other."""
    judge, left = attention.judge, list(defects)

    def broken(ctx: Any, rows: Any) -> Any:
        if left:
            raise left.pop(0)
        return judge(ctx, rows)

    monkeypatch.setattr(attention, "judge", broken)


def test_a_lock_that_is_not_had_in_time_is_no_fault_of_a_message(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_message(), a_message()
    breaking(monkeypatch, ValueError(), TIMED_OUT)
    with pytest.raises(OperationalError):
        claim()
    assert len(claim()) == 2


def test_a_fault_that_all_messages_have_is_none_of_theirs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [a_message() for _ in range(outbox.FEW_BROKEN + 1)]
    breaking(monkeypatch, *(ValueError() for _ in range(len(many) + 1)))
    assert claim() == claim() == []
    db.session.expire_all()
    assert {one.state for one in many} == {State.QUEUED}
    db.session.execute(text("UPDATE message SET next_at = now()"))
    assert len(claim()) == len(many)


def test_what_the_database_refuses_to_write_waits_and_blocks_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = a_message(), a_message()
    breaking(monkeypatch, REFUSED, REFUSED)
    assert [one.id for one in claim()] == [good.id]
    db.session.expire_all()
    assert (bad.state, bad.reason) == (State.QUEUED, None)
    assert claim() == []
    db.session.execute(text("UPDATE message SET next_at = now() WHERE state = 'queued'"))
    assert [one.id for one in claim()] == [bad.id]
