"""Applying receipts and replies: each once, in any order, however late; a bad one alone.

A receipt settles the text it is about, and tells how its phone stands; a reply is about the text
that was sent to that phone last.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.ids import new_id
from backend.kernel.transaction import attempt
from backend.messaging import answering, history, wording
from backend.messaging.answering_service import answer_by_phone
from backend.messaging.models import Answer, Message, Reason, State, Step
from backend.messaging.sms_models import Heard, HeardState, PhoneStanding, SmsDispatch, SmsHeard
from backend.messaging.sms_rules import SmsPolicy, says_any
from backend.messaging.sms_wording import sms_catalogue

log = structlog.get_logger(__name__)

SOUGHT_FOR = timedelta(hours=6)
SOONEST, RAREST = timedelta(seconds=1), timedelta(minutes=10)
IN_DOUBT_FOR = timedelta(days=3)
Found = tuple[SmsDispatch, Message]


def apply_heard(ctx: Context, limit: int) -> int:
    """Apply up to `limit` that are due, in the caller's transaction; returns how many that were.

    What is about a text that its sender has not settled yet waits; after hours it is given up.
    """
    now: datetime = db.session.execute(select(func.now())).scalar_one()
    due = _claim(limit)
    for heard in due:
        try:
            with attempt():
                is_taken = _apply(ctx, heard)
                db.session.flush()
        except Exception as failure:
            is_taken = False
            log.warning("sms: failed", heard_id=str(heard.id), error=type(failure).__name__)
        if is_taken:
            heard.state = HeardState.APPLIED
        else:
            _wait(heard, now)
    return len(due)


def _claim(limit: int) -> Sequence[SmsHeard]:
    due = select(SmsHeard).where(SmsHeard.state == HeardState.STORED)
    due = due.where(SmsHeard.next_at <= func.now()).order_by(SmsHeard.next_at, SmsHeard.id)
    locked = due.limit(limit).with_for_update(skip_locked=True)
    return db.session.execute(locked).scalars().all()


def _wait(heard: SmsHeard, now: datetime) -> None:
    """Look again, ever more rarely."""
    age = now - heard.received_at
    if age > SOUGHT_FOR:
        heard.state = HeardState.UNMATCHED
    heard.next_at = now + min(max(age / 2, SOONEST), RAREST)


def _apply(ctx: Context, heard: SmsHeard) -> bool:
    return _take_reply(ctx, heard) if heard.heard is Heard.REPLY else _take_receipt(ctx, heard)


def _take_receipt(ctx: Context, heard: SmsHeard) -> bool:
    found = _text_of(ctx, heard)
    if found is None or found[1].state in {State.SENDING, State.QUEUED}:
        return False
    dispatch, message = found
    heard.message_id = message.id
    if heard.succeeded:
        dispatch.delivered_at, dispatch.lost_at = dispatch.delivered_at or ctx.at, None
        _stand(heard.phone_index, failures=0, reached_at=ctx.at, dead_at=None)
        _arrived(ctx, message)
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
        ways.append(texts.where(SmsDispatch.message_id == heard.context_id))
    for way in [*ways, in_doubt]:
        rows = _locked(way.where(SmsDispatch.phone_index == heard.phone_index))
        if len(rows) == 1:
            return rows[0]
    return None


def _locked(texts: Select[SmsDispatch, Message]) -> list[Found]:
    """Of what somebody else is changing at this moment nothing is known yet."""
    found = db.session.execute(texts.limit(2).with_for_update(skip_locked=True))
    return [(row[0], row[1]) for row in found]


def _arrived(ctx: Context, message: Message) -> None:
    if message.state is State.UNKNOWN:
        message.state, message.reason, message.sent_at = State.SENT, None, ctx.at
        history.note([message.id], Step.SETTLED)


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


def _take_reply(ctx: Context, heard: SmsHeard) -> bool:
    """What cannot be understood stays recorded beside the text it is about."""
    said = sms_catalogue().answer(heard.words or "")
    text = _last_text(ctx, heard, asked=said in {Answer.CONFIRMED, Answer.CANNOT_COME})
    heard.answer, heard.message_id = said, text.id if text else None
    if said is Answer.STOP:
        _stand(heard.phone_index, stopped_at=ctx.at)
    if text is not None and said is not None:
        _arrived(ctx, text)
        db.session.flush()
        _pass_on(ctx, text, said)
    return True


def _pass_on(ctx: Context, text: Message, said: Answer) -> None:
    """Who answers has read it; a stop is one of texts, and mutes nothing in WeChat."""
    if said is Answer.STOP:
        first = held(select(Message).where(Message.id == (text.first_id or text.id)))
        answering.told_by_phone(ctx, first, None)
    elif text.to_resident_id is not None:
        answer_by_phone(ctx, text.to_resident_id, said, text.id)


def _last_text(ctx: Context, heard: SmsHeard, *, asked: bool) -> Message | None:
    """The newest text to that phone, of those that ask for an answer where it is one."""
    hours = ctx.region.section("sms", SmsPolicy).reply_hours
    texts = select(Message).join(SmsDispatch, SmsDispatch.message_id == Message.id)
    texts = texts.where(
        SmsDispatch.phone_index == heard.phone_index,
        SmsDispatch.at > ctx.at - timedelta(hours=hours),
        Message.state.in_([State.SENT, State.UNKNOWN]),
    )
    if asked:
        texts = texts.where(Message.kind.in_(_asking()))
    newest = texts.order_by(SmsDispatch.at.desc(), Message.id.desc()).limit(1)
    return db.session.execute(newest).scalar_one_or_none()


def _asking() -> list[wording.MessageKind]:
    return [kind for text in sms_catalogue().text.values() if text.answers for kind in text.kinds]


def heard_lag_s() -> float:
    """How long the receipt or reply that is due longest has been waiting, in real seconds."""
    waiting = select(func.extract("epoch", func.now() - func.min(SmsHeard.next_at)))
    found = db.session.execute(waiting.where(SmsHeard.state == HeardState.STORED))
    return max(0.0, float(found.scalar_one() or 0.0))


def forget_heard(before: datetime, limit: int = 500) -> int:
    """Drop up to `limit` that are over and came before then (real time)."""
    old = select(SmsHeard.id).where(
        SmsHeard.received_at < before, SmsHeard.state != HeardState.STORED
    )
    some = old.order_by(SmsHeard.received_at).limit(limit).scalar_subquery()
    gone = delete(SmsHeard).where(SmsHeard.id.in_(some)).returning(SmsHeard.id)
    return len(db.session.execute(gone.execution_options(synchronize_session=False)).all())
