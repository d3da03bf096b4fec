"""What the SMS provider tells us by itself; the secret in the address says who it is."""

from typing import Any

from flask import request
from marshmallow import Schema

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.limits import Pace
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, hears
from miniapp_api.pacing import paced

api = Api("sms", Audience.OPEN, "/sms")
TAKEN = {"result": 0, "errmsg": "OK"}


class TakenSchema(Schema):
    """What the provider expects; anything else, and it calls twice more."""

    result = fields.Whole(0, 0, required=True)
    errmsg = fields.Text(2, required=True)


@api.post("/<secret>/receipts")
@hears()
@paced(Pace.CALLBACK)
@gives(TakenSchema)
def receive_receipts(ctx: Context, secret: str) -> dict[str, Any]:
    """短信下发状态通知 · An array, as the provider writes it; kept at once, applied by the jobs."""
    messaging.hear_receipts(ctx, secret, request.get_data())
    return TAKEN


@api.post("/<secret>/replies")
@hears()
@paced(Pace.CALLBACK)
@gives(TakenSchema)
def receive_replies(ctx: Context, secret: str) -> dict[str, Any]:
    """短信回复通知 · T, and 1 or 2 to the one open question; a person of the house has the rest."""
    messaging.hear_replies(ctx, secret, request.get_data())
    return TAKEN
