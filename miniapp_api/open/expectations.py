"""What a clinic costs and how long one waits there, before anybody books it: for everybody."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api("expectations", Audience.OPEN, "/clinics/sessions")


class PriceSchema(Schema):
    """The fee, and what is left to pay after insurance here and at the hospital, in fen."""

    fee_yuan = fields.Whole(0, 100_000, required=True)
    here_fen = fields.Whole(0, 10_000_000, required=True)
    hospital_fen = fields.Whole(0, 10_000_000, required=True)


class ExpectationSchema(Schema):
    """`wait_minutes`: half of the people waited no longer; `seen` is how many that rests on."""

    price = fields.Nested(PriceSchema, required=True, allow_none=True)
    wait_minutes = fields.Whole(0, 100_000, required=True, allow_none=True)
    seen = fields.Whole(0, 1_000_000, required=True)


@api.get("/<uuid:session_id>/expectation")
@gives(ExpectationSchema)
def expectation(ctx: Context, session_id: UUID) -> clinics.Expectation:
    """费用和等候时间 · The difference that insurance makes, and the wait so far."""
    return clinics.expectation(ctx, session_id)
