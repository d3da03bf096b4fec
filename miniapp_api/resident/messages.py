"""我的消息: one's own messages, and what became of them."""

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.messaging import Message
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists
from miniapp_api.messages import MessagePage

api = Api("messages", Audience.RESIDENT)


@api.get("/messages")
@lists(PageQuery)
@gives(MessagePage)
def inbox(ctx: Context, *, wanted: Wanted) -> Page[Message]:
    """我的消息 · Newest first, each with what became of its push and why."""
    return messaging.inbox(ctx, wanted)
