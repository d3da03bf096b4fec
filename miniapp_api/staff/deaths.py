"""待确认的死亡登记: a second member of staff of the house confirms what a colleague reported."""

from uuid import UUID

from marshmallow import Schema

from backend import privacy
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of
from miniapp_api.privacy_schemas import DeathSchema

api = Api("deaths", Audience.STAFF, "/deaths")


class WaitingDeathSchema(Schema):
    """Whom a report is about, and the report."""

    name = fields.Text(50, required=True)
    report = fields.Nested(DeathSchema, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(WaitingDeathSchema))
def to_confirm(ctx: Context, *, wanted: Wanted) -> Page[privacy.WaitingDeath]:
    """待确认的死亡登记 · Of one's own house, the oldest first."""
    return privacy.to_confirm(ctx, wanted)


@api.post("/<uuid:report_id>/confirmation")
@gives(WaitingDeathSchema)
def confirm(ctx: Context, report_id: UUID) -> privacy.WaitingDeath:
    """确认死亡登记 · Bookings, reminders, the contract and every login end; it can be undone."""
    held = privacy.hold_waiting(ctx, report_id)
    return privacy.confirmable(privacy.confirm_death(ctx, held))
