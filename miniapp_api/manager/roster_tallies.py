"""承诺与兑现: what was promised of each expert in each house, and what was held."""

from collections.abc import Sequence
from datetime import date

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, lists

api = Api("roster-tallies", Audience.MANAGER, "/clinics/promises")


class MonthQuery(StrictSchema):
    """Any day of the month; this month unless said otherwise."""

    month = fields.Date()


class ClosedForSchema(Schema):
    """Why, and how often."""

    reason = fields.Text(required=True)
    count = fields.Whole(1, 1000, required=True)


class KeptSchema(Schema):
    """One expert in one house in a month, in sessions."""

    expert_id = fields.UUID(required=True)
    expert_name = fields.Text(required=True)
    institution_id = fields.UUID(required=True)
    institution_name = fields.Text(required=True)
    promised = fields.Whole(0, 1000, required=True)
    opened = fields.Whole(0, 1000, required=True)
    held = fields.Whole(0, 1000, required=True)
    held_by_others = fields.Whole(0, 1000, required=True)
    closed = fields.Whole(0, 1000, required=True)
    closed_for = fields.List(fields.Nested(ClosedForSchema), required=True)
    not_begun = fields.Whole(0, 1000, required=True)
    never_opened = fields.Whole(0, 1000, required=True)
    to_come = fields.Whole(0, 1000, required=True)


@api.get("")
@lists(MonthQuery)
@gives(KeptSchema(many=True))
def promises(ctx: Context, *, month: date | None = None) -> Sequence[clinics.KeptPromises]:
    """承诺与兑现 · By house and expert; held is what its house began on the day, nothing else."""
    return clinics.kept_promises(ctx, month or ctx.today)
