"""What an operator may do to one message: send it once more, or take it back."""

from uuid import UUID

from sqlalchemy import case, func, or_, select, update

from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock
from backend.messaging import history
from backend.messaging.again import why_not_again
from backend.messaging.errors import NotToCancel, NotToReplay
from backend.messaging.events import MessageCancelled, MessageReplayed
from backend.messaging.models import Message, Reason, State, Step


@admitted(by_clock)
def replay(ctx: Context, message_id: UUID, operator: str) -> Message:
    """Queue a failed message, or one in doubt whose kind may come twice, once more.

    Raises `NotFound`, `NotToReplay`.
    """
    message = held(select(Message).where(Message.id == message_id))
    why_not = why_not_again(ctx, message)
    if why_not is not None:
        raise NotToReplay(why_not)
    again = {"state": State.QUEUED, "reason": None, "next_at": func.now(), "sent_at": None}
    db.session.execute(update(Message).where(Message.id == message_id).values(**again))
    history.note([message_id], Step.REPLAYED, message.reason)
    record(ctx, MessageReplayed(message_id, operator))
    db.session.refresh(message)
    return message


@admitted(by_clock)
def cancel(ctx: Context, message_id: UUID, operator: str) -> Message:
    """Take back what waits of a message, on every channel; what is being sent may still arrive.

    Raises `NotFound`, `NotToCancel` where nothing of it waits.
    """
    message = held(select(Message).where(Message.id == message_id))
    first = message.first_id or message.id
    chain = or_(Message.id == first, Message.first_id == first)
    waits = Message.state == State.QUEUED
    gone = {
        "obsolete": True,
        "state": case((waits, State.WITHDRAWN), else_=Message.state),
        "reason": case((waits, Reason.CANCELLED), else_=Message.reason),
    }
    open_ = Message.state.in_([State.QUEUED, State.SENDING])
    taken = update(Message).where(chain, open_).values(**gone).returning(Message.id)
    fetched = taken.execution_options(synchronize_session=False)
    ids = db.session.execute(fetched).scalars().all()
    if not ids:
        raise NotToCancel(f"这一条已是 {message.state}，没有可以取消的。")
    history.note(ids, Step.CANCELLED, Reason.CANCELLED)
    record(ctx, MessageCancelled(message_id, operator))
    db.session.refresh(message)
    return message
