"""Which message may be sent once more: what failed for a reason that is gone."""

from backend.kernel.context import Context
from backend.messaging import wording
from backend.messaging.models import Message, State
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
    if message.state is State.UNKNOWN:
        may = wording.catalogue().kind[message.kind].in_doubt is InDoubt.RESEND
        return None if may else "它可能已经送达，而这一类消息宁可不发也不重复。"
    found = words_of(message.reason)
    return None if found.replay else f"{found.words}：重发不会有用。{found.todo}。"
