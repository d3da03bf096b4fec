"""Which message may be sent once more: what failed for a reason that is gone."""

from sqlalchemy import exists, or_, select

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import wording
from backend.messaging.models import Message, Reason, State
from backend.messaging.reasons import words_of
from backend.messaging.wording import Channel, InDoubt


def why_not_again(ctx: Context, message: Message) -> str | None:
    """Why a message is not sent once more, `None` where it may be."""
    if message.state not in {State.FAILED, State.UNKNOWN} or message.reason is None:
        return f"只有失败或不确定的消息可以重发，这一条是 {message.state}。"
    if message.obsolete:
        return "这件事已办完、取消或改期，不用再发。"
    if message.expires_at is not None and message.expires_at < ctx.at:
        return "它已过了有效时间。"
    if message.channel is Channel.CALL:
        return "电话清单上的事由社区人员再打，不在这里重发。"
    return _would_double(message) or _would_not_help(message.reason)


def _would_double(message: Message) -> str | None:
    may_double = wording.catalogue().kind[message.kind].in_doubt is InDoubt.RESEND
    if message.state is State.UNKNOWN and not may_double:
        return "它可能已经送达，而这一类消息宁可不发也不重复。"
    return "它已走了另一个渠道，再发就重复了。" if _went_on(message) else None


def _would_not_help(reason: Reason) -> str | None:
    found = words_of(reason)
    return None if found.replay else f"{found.words}：重发不会有用。{found.todo}。"


def _went_on(message: Message) -> bool:
    """Whether another channel has it, or may have delivered it."""
    first = message.first_id or message.id
    others = or_(Message.id == first, Message.first_id == first) & (Message.id != message.id)
    has_it = Message.state.in_([State.QUEUED, State.SENDING, State.SENT, State.UNKNOWN])
    return bool(db.session.execute(select(exists().where(others, has_it))).scalar())
