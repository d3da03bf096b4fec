"""Applying receipts and replies: each once, in any order, however late; a bad one alone.

A receipt settles the text it is about, and tells how its phone stands; whether it was delivered
is the same whichever of two receipts comes first. Replies are in `sms_replies`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.transaction import attempt
from backend.messaging import history, sms_replies
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.sms_models import Heard, HeardState, PhoneStanding, SmsDispatch, SmsHeard
from backend.messaging.sms_rules import SmsPolicy, says_any
from backend.messaging.sms_wording import sms_catalogue

log = structlog.get_logger(__name__)

SOUGHT_FOR = timedelta(hours=6)
SOONEST, RAREST = timedelta(seconds=1), timedelta(minutes=10)
IN_DOUBT_FOR = timedelta(days=3)
FEWEST_LOOKS, MOST_FAILURES = 6, 8
LOST = frozenset({Reason.NOT_DELIVERED, Reason.DEAD_PHONE, Reason.STOPPED})
Found = tuple[SmsDispatch, Message]


def apply_heard(ctx: Context, limit: int) -> int:
    """Apply up to `limit` that are due, in the caller's transaction; returns how many that were.

    What is about a text that its sender has not settled yet waits; after hours it is given up.
    What cannot be read or applied is tried again alone, and in the end set aside for a person.
    """
    now: datetime = db.session.execute(select(func.now())).scalar_one()
    due = _claim(limit)
    for heard_id in due:
        try:
            with attempt():
                _look(ctx, db.session.get_one(SmsHeard, heard_id, populate_existing=True), now)
                db.session.flush()
        except Exception as failure:
            _fail(heard_id, type(failure).__name__)
    return len(due)


def _claim(limit: int) -> Sequence[UUID]:
    """By their ids alone, which can always be read."""
    due = select(SmsHeard.id).where(SmsHeard.state == HeardState.STORED)
    due = due.where(SmsHeard.next_at <= func.now()).order_by(SmsHeard.next_at, SmsHeard.id)
    locked = due.limit(limit).with_for_update(skip_locked=True)
    return db.session.execute(locked).scalars().all()


def _look(ctx: Context, heard: SmsHeard, now: datetime) -> None:
    """Apply it where its text is found; else look again, ever more rarely."""
    if heard.heard is Heard.REPLY:
        is_taken = sms_replies.take(ctx, heard)
    else:
        is_taken = _take_receipt(ctx, heard)
    if is_taken:
        heard.state = HeardState.APPLIED
        return
    age = now - heard.received_at
    heard.looks += 1
    if age > SOUGHT_FOR and heard.looks >= FEWEST_LOOKS:
        heard.state = HeardState.UNMATCHED
    heard.next_at = now + min(max(age / 2, SOONEST), RAREST)


def _fail(heard_id: UUID, error: str) -> None:
    """Written without reading the row, which may be what fails."""
    tried = SmsHeard.failures + 1
    is_poison = tried >= MOST_FAILURES
    values: dict[str, Any] = {
        "failures": tried,
        "error": error,
        "next_at": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, func.power(2, tried)),
        "state": case((is_poison, HeardState.QUARANTINED), else_=SmsHeard.state),
    }
    change = update(SmsHeard).where(SmsHeard.id == heard_id).values(**values)
    db.session.execute(change.execution_options(synchronize_session=False))
    log.warning("sms: failed", heard_id=str(heard_id), error=error)


def _take_receipt(ctx: Context, heard: SmsHeard) -> bool:
    found = _text_of(ctx, heard)
    if found is None or found[1].state in {State.SENDING, State.QUEUED}:
        return False
    dispatch, message = found
    heard.message_id = message.id
    if heard.succeeded:
        _take_back_stop(heard.phone_index, message, dispatch)
        _stand(heard.phone_index, failures=0, reached_at=ctx.at, dead_at=None)
        _did_arrive(ctx, message, was_lost=dispatch.lost_at is not None)
        dispatch.delivered_at, dispatch.lost_at = dispatch.delivered_at or ctx.at, None
    elif dispatch.delivered_at is None and dispatch.lost_at is None:
        dispatch.lost_at = ctx.at
        _did_not_arrive(message, _lost(ctx, heard))
    return True


def _text_of(ctx: Context, heard: SmsHeard) -> Found | None:
    """By the provider's number, else by our own id, else the only one in doubt on that phone."""
    texts = select(SmsDispatch, Message).join(Message, Message.id == SmsDispatch.message_id)
    in_doubt = texts.where(
        SmsDispatch.phone_index == heard.phone_index,
        SmsDispatch.serial_no.is_(None),
        SmsDispatch.at > ctx.at - IN_DOUBT_FOR,
        Message.state == State.UNKNOWN,
    )
    ways = [texts.where(SmsDispatch.serial_no == heard.serial_no)]
    if heard.context_id is not None:
        first_heard = SmsDispatch.serial_no.is_(None)  # else it is about a try before this one
        ways.append(texts.where(SmsDispatch.message_id == heard.context_id, first_heard))
    for way in [*ways, in_doubt]:
        rows = _locked(way.where(SmsDispatch.phone_index == heard.phone_index))
        if len(rows) == 1:
            return rows[0]
    return None


def _locked(texts: Select[SmsDispatch, Message]) -> list[Found]:
    """Of what somebody else is changing at this moment nothing is known yet."""
    found = db.session.execute(texts.limit(2).with_for_update(skip_locked=True))
    return [(row[0], row[1]) for row in found]


def _did_arrive(ctx: Context, message: Message, *, was_lost: bool) -> None:
    """Also where a receipt said before that it was lost: it is in somebody's hands."""
    if message.state is State.FAILED and was_lost and message.reason in LOST:
        message.state, message.reason, message.sent_at = State.SENT, None, ctx.at
        history.note([message.id], Step.SETTLED)
    sms_replies.arrived(ctx, message)


def _take_back_stop(index: bytes, message: Message, dispatch: SmsDispatch) -> None:
    """A stop that the receipt before told of, and nobody wrote, was none."""
    if message.reason is Reason.STOPPED and dispatch.lost_at is not None:
        same = (PhoneStanding.phone_index == index) & (PhoneStanding.stopped_at == dispatch.lost_at)
        db.session.execute(update(PhoneStanding).where(same).values(stopped_at=None))


def _did_not_arrive(message: Message, reason: Reason) -> None:
    if message.state in {State.SENT, State.UNKNOWN}:
        message.state, message.reason, message.sent_at = State.FAILED, reason, None
        history.note([message.id], Step.SETTLED, reason)


def _lost(ctx: Context, heard: SmsHeard) -> Reason:
    """What a failed receipt says of the phone: dead, not wanted, or out of reach just now."""
    words, told = heard.words or "", sms_catalogue().receipts
    if says_any(words, told.refused):
        _stand(heard.phone_index, stopped_at=ctx.at)
        return Reason.STOPPED
    failures = _stand(heard.phone_index, failures=PhoneStanding.failures + 1)
    enough = ctx.region.section("sms", SmsPolicy).failures_until_dead
    if says_any(words, told.dead) or failures >= enough:
        _stand(heard.phone_index, dead_at=ctx.at)
        return Reason.DEAD_PHONE
    return Reason.NOT_DELIVERED


def _stand(index: bytes, **facts: Any) -> int:
    """Note how a phone stands; returns how many receipts in a row said no."""
    first = {**facts, "failures": 1} if "failures" in facts and facts["failures"] != 0 else facts
    row = insert(PhoneStanding).values(id=new_id(), phone_index=index, **first)
    kept = row.on_conflict_do_update(index_elements=["phone_index"], set_=facts)
    return int(db.session.execute(kept.returning(PhoneStanding.failures)).scalar_one())


def heard_lag_s() -> float:
    """How long the receipt or reply that is due longest has been waiting, in real seconds."""
    waiting = select(func.extract("epoch", func.now() - func.min(SmsHeard.next_at)))
    found = db.session.execute(waiting.where(SmsHeard.state == HeardState.STORED))
    return max(0.0, float(found.scalar_one() or 0.0))


def heard_quarantined() -> int:
    """How many receipts and replies wait for a person because applying them fails."""
    poison = select(func.count()).where(SmsHeard.state == HeardState.QUARANTINED)
    return db.session.execute(poison).scalar_one()


def forget_heard(before: datetime, limit: int = 500) -> int:
    """Drop up to `limit` that are over and came before then (real time)."""
    old = select(SmsHeard.id).where(
        SmsHeard.received_at < before, SmsHeard.state != HeardState.STORED
    )
    some = old.order_by(SmsHeard.received_at).limit(limit).scalar_subquery()
    gone = delete(SmsHeard).where(SmsHeard.id.in_(some)).returning(SmsHeard.id)
    return len(db.session.execute(gone.execution_options(synchronize_session=False)).all())
