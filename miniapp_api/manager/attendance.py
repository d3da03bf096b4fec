"""How many came to a session of the house."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api("attendance", Audience.MANAGER, "/clinics")


class AttendanceSchema(Schema):
    """Seats by what became of them; `unrecorded`: nobody wrote down whether they came."""

    booked = fields.Whole(0, 100_000, required=True)
    arrived = fields.Whole(0, 100_000, required=True)
    seen = fields.Whole(0, 100_000, required=True)
    missed = fields.Whole(0, 100_000, required=True)
    unrecorded = fields.Whole(0, 100_000, required=True)


@api.get("/sessions/<uuid:session_id>/attendance")
@gives(AttendanceSchema)
def attendance(ctx: Context, session_id: UUID) -> dict[str, int]:
    """到诊人数 · Of a clinic, a lecture or a group; counts alone."""
    found = clinics.day.attendance(ctx, clinics.session_of_house(ctx, session_id))
    return {str(state): count for state, count in found.items()}
