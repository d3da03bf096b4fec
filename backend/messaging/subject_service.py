"""What messaging holds of a person, and how it ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from backend import identity
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.subjects import Cause, Consequence, Records, rows_of, told
from backend.messaging import chains, digests
from backend.messaging.call_models import CallItem
from backend.messaging.callback_models import WeChatEvent
from backend.messaging.models import Credit, Message, MessageStep, Reason, State
from backend.messaging.sms_subject import forget_phones_of, texts_of
from backend.messaging.wishes_models import ReminderWish

WAITING = (State.QUEUED, State.SENDING)


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Every message to the person, and what their accounts agreed to be sent."""
    accounts = select(identity.Account.id).where(identity.Account.resident_id == resident_id)
    messages = select(Message.id).where(Message.to_resident_id == resident_id)
    return {
        "message": told(
            rows_of(Message, Message.to_resident_id == resident_id), without=["lease_token"]
        ),
        "message_step": told(rows_of(MessageStep, MessageStep.message_id.in_(messages))),
        **texts_of(messages),
        "wechat_event": told(
            rows_of(WeChatEvent, WeChatEvent.account_id.in_(accounts)),
            without=["key", "error", "failures"],
        ),
        "call_item": told(rows_of(CallItem, CallItem.message_id.in_(messages))),
        "reminder_wish": told(rows_of(ReminderWish, ReminderWish.resident_id == resident_id)),
        "credit": told(rows_of(Credit, Credit.account_id.in_(accounts))),
    }


@admitted(by_clock)
def foresee(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """What waits to be sent."""
    queued = select(func.count()).where(
        Message.to_resident_id == resident_id,
        Message.state == State.QUEUED,
        sensitive.shown(ctx, Message.subject_id),
    )
    many = db.session.execute(queued).scalar_one()
    return [Consequence(resident_id, f"{many} 条还没有发出的消息不再发送")] if many else []


@admitted(by_clock)
def close(_ctx: Context, resident_id: UUID, _cause: Cause) -> None:
    """Take back what is not sent yet, of whatever it speaks; no further channel follows."""
    waiting = (Message.state == State.QUEUED) | digests.untold()
    theirs = Message.to_resident_id == resident_id
    theirs &= Message.state.in_(WAITING) | waiting | Message.climbs
    chains.lock(theirs)
    db.session.execute(
        update(Message)
        .where(theirs)
        .values(
            obsolete=True,
            state=case((waiting, State.WITHDRAWN), else_=Message.state),
            reason=case((waiting, Reason.UNWELCOME), else_=Message.reason),
        )
        .execution_options(synchronize_session="fetch")
    )


@admitted(by_clock)
def erase(_ctx: Context, resident_id: UUID) -> None:
    """Every message and wish; what is at this moment in a sender's hands is forgotten by it."""
    forget_phones_of(resident_id)
    accounts = select(identity.Account.id).where(identity.Account.resident_id == resident_id)
    db.session.execute(delete(WeChatEvent).where(WeChatEvent.account_id.in_(accounts)))
    db.session.execute(delete(Message).where(Message.to_resident_id == resident_id))
    db.session.execute(delete(ReminderWish).where(ReminderWish.resident_id == resident_id))


@admitted(by_clock)
def forget(_ctx: Context, before: datetime, limit: int = 500) -> int:
    """Drop up to `limit` messages that are over and were due before then; returns how many.

    What others lead back to, a first rung or a digest, goes after the last of them.
    """
    later = aliased(Message)
    leading = exists().where(or_(later.first_id == Message.id, later.digest_id == Message.id))
    old = select(Message.id).where(Message.due_at < before, Message.state.not_in(WAITING), ~leading)
    some = old.order_by(Message.due_at).limit(limit).scalar_subquery()
    gone = delete(Message).where(Message.id.in_(some)).returning(Message.id)
    quietly = gone.execution_options(synchronize_session=False)
    return len(db.session.execute(quietly).all())
