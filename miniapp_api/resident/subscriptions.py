"""订阅: the pushes that the holder of the phone agreed to."""

from typing import Any
from uuid import UUID

from backend import messaging
from backend.kernel.context import Context
from backend.messaging import Moment
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, of_holder, takes
from miniapp_api.messages import MomentQuery, PopupSchema, SubscriptionsSchema

api = Api("subscriptions", Audience.RESIDENT, "/subscriptions", is_about_account=True)


@api.get("")
@of_holder
@takes(MomentQuery, location="query")
@gives(SubscriptionsSchema)
def subscriptions(ctx: Context, *, moment: Moment | None) -> dict[str, Any]:
    """订阅次数 · What is left; first the templates (at most three) to ask for at this tap."""
    return {"items": messaging.subscriptions(ctx, moment)}


@api.post("")
@of_holder
@takes(PopupSchema)
@gives(SubscriptionsSchema)
def report_popup(ctx: Context, *, report_id: UUID, results: dict[str, str]) -> dict[str, Any]:
    """上报订阅结果 · Each accept is one message; a report repeated counts once."""
    messaging.report_popup(ctx, report_id, results)
    return {"items": messaging.subscriptions(ctx)}
