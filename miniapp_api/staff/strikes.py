"""What people say against strikes of this house, and its answer."""

from uuid import UUID

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes
from miniapp_api.resident.attendance import StrikeSchema
from miniapp_api.staff.clinic_day import ShortName

api = Api("strikes", Audience.STAFF, "/strikes")


class AppealedSchema(StrikeSchema):
    """A strike that somebody explained."""

    resident_id = fields.UUID(required=True)
    short_name = ShortName(required=True, allow_none=True, attribute="name")
    appealed_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="strike.appealed_at"
    )


class DecisionSchema(StrictSchema):
    """Whether it still counts, and words that the person will read."""

    is_lifted = fields.Boolean(required=True)
    answer = fields.Text(500, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(AppealedSchema))
def to_decide(ctx: Context, *, wanted: Wanted) -> Page[clinics.day.Noted]:
    """爽约说明待处理 · Of this house, the longest waiting first."""
    return clinics.day.to_decide(ctx, wanted)


@api.post("/<uuid:strike_id>/decision")
@takes(DecisionSchema)
@gives(AppealedSchema)
def decide(ctx: Context, strike_id: UUID, *, is_lifted: bool, answer: str) -> clinics.day.Noted:
    """答复爽约说明 · It counts no more, or stays; by a colleague of who recorded the day."""
    strike = clinics.day.hold_strike(ctx, strike_id)
    return clinics.day.decide(ctx, strike, answer, is_lifted=is_lifted)
