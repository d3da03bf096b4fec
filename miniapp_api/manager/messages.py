"""消息队列: what waits, what was sent, what failed and why."""

from marshmallow import Schema

from backend import messaging
from backend.kernel.context import Context
from backend.messaging import Reason, State
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api("messages", Audience.MANAGER, "/messages")

COUNT = fields.Whole(0, 10**12)


class QueueSchema(Schema):
    """Numbers alone; no person is shown."""

    states = fields.Dict(keys=fields.choice(State), values=COUNT, required=True)
    reasons = fields.Dict(keys=fields.choice(Reason), values=COUNT, required=True)
    due = fields.Whole(0, 10**12, required=True)
    oldest_due_at = fields.AwareDateTime(required=True, allow_none=True)


@api.get("")
@gives(QueueSchema)
def queue(ctx: Context) -> messaging.Queue:
    """消息队列 · By state, the failed and doubtful ones by reason, and the oldest that is due."""
    return messaging.queue_numbers(ctx)
