"""死亡登记: once a second member of staff confirms it, everything about a person stops."""

from datetime import date
from uuid import UUID

from backend import identity, privacy
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes
from miniapp_api.privacy_schemas import DeathSchema

api = Api("deaths", Audience.DOCTOR, "/residents")


class DeathReportSchema(StrictSchema):
    """The day, and by what one knows it."""

    died_on = fields.Date(required=True)
    proof = fields.Text(500, required=True)


@api.post("/<uuid:resident_id>/death")
@takes(DeathReportSchema)
@gives(DeathSchema, 201)
def report(ctx: Context, resident_id: UUID, *, died_on: date, proof: str) -> privacy.DeathReport:
    """登记死亡 · Pauses reminders; takes effect when another of the house confirms it in time."""
    return privacy.report_death(ctx, identity.resident(ctx, resident_id), died_on, proof)
