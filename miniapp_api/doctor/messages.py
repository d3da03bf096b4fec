"""工作消息: one's own messages, what became of them, and the pushes one agreed to."""

from typing import Any
from uuid import UUID

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.messaging import Message
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, takes
from miniapp_api.messages import MessagePage, MessageSchema, PopupSchema, SubscriptionsSchema

api = Api("messages", Audience.DOCTOR)


@api.get("/messages")
@lists(PageQuery)
@gives(MessagePage)
def inbox(ctx: Context, *, wanted: Wanted) -> Page[Message]:
    """工作消息 · Newest first, each with what became of its push and why."""
    return messaging.inbox(ctx, wanted)


@api.post("/messages/<uuid:message_id>/read")
@gives(MessageSchema)
def read(ctx: Context, message_id: UUID) -> Message:
    """已读 · Once somebody opened it no further channel is tried, and no colleague is told."""
    return messaging.mark_read(ctx, messaging.hold(ctx, message_id))


@api.get("/subscriptions")
@gives(SubscriptionsSchema)
def subscriptions(ctx: Context) -> dict[str, Any]:
    """订阅次数 · What is left, and the templates (at most three) to ask for at the next tap."""
    return {"items": messaging.subscriptions(ctx)}


@api.post("/subscriptions")
@takes(PopupSchema)
@gives(SubscriptionsSchema)
def report_popup(ctx: Context, *, report_id: UUID, results: dict[str, str]) -> dict[str, Any]:
    """上报订阅结果 · Each accept is one message; a report repeated counts once."""
    messaging.report_popup(ctx, report_id, results)
    return {"items": messaging.subscriptions(ctx)}
