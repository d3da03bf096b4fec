"""我的消息: one's own messages, and what became of them."""

from uuid import UUID

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.messaging import Answer, Message
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, takes
from miniapp_api.messages import MessageAnswerSchema, MessagePage, MessageSchema

api = Api("messages", Audience.RESIDENT)


@api.get("/messages")
@lists(PageQuery)
@gives(MessagePage)
def inbox(ctx: Context, *, wanted: Wanted) -> Page[Message]:
    """我的消息 · Newest first, each with what became of its push and why."""
    return messaging.inbox(ctx, wanted)


@api.post("/messages/<uuid:message_id>/read")
@gives(MessageSchema)
def read(ctx: Context, message_id: UUID) -> Message:
    """已读 · Once somebody opened it no further channel is tried; again is no change."""
    return messaging.mark_read(ctx, messaging.hold(ctx, message_id))


@api.post("/messages/<uuid:message_id>/answer")
@takes(MessageAnswerSchema)
@gives(MessageSchema)
def say(ctx: Context, message_id: UUID, *, answer: Answer) -> Message:
    """回复消息 · I know; I cannot come (a seat is free, the doctor told); no more of these."""
    return messaging.answer(ctx, messaging.hold(ctx, message_id), answer)
