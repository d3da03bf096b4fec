"""订阅: the pushes that the holder of the phone agreed to."""

from typing import Any
from uuid import UUID

from backend import messaging
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, of_holder, takes
from miniapp_api.messages import PopupSchema, SubscriptionsSchema

api = Api("subscriptions", Audience.RESIDENT, "/subscriptions", is_about_account=True)


@api.get("")
@of_holder
@gives(SubscriptionsSchema)
def subscriptions(ctx: Context) -> dict[str, Any]:
    """订阅次数 · What is left, and the templates (at most three) to ask for at the next tap."""
    return {"items": messaging.subscriptions(ctx)}


@api.post("")
@of_holder
@takes(PopupSchema)
@gives(SubscriptionsSchema)
def report_popup(ctx: Context, *, report_id: UUID, results: dict[str, str]) -> dict[str, Any]:
    """上报订阅结果 · Each accept is one message; a report repeated counts once."""
    messaging.report_popup(ctx, report_id, results)
    return {"items": messaging.subscriptions(ctx)}
