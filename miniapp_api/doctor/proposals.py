"""代约: a family doctor keeps a seat for a resident of the own team, who says yes to it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend import clinics, identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, takes
from miniapp_api.resident.clinics import NamedAppointmentSchema

api = Api("proposals", Audience.DOCTOR, "/clinics/proposals")


class ProposalSchema(StrictSchema):
    """For whom, which session; a seat, or the first one from an instant on."""

    resident_id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000)
    not_before = fields.AwareDateTime()


class ProposedSchema(NamedAppointmentSchema):
    """A seat that waits for a resident's word until `held_until`."""

    resident_id = fields.UUID(required=True)


@api.post("")
@takes(ProposalSchema)
@creates(ProposedSchema)
def propose(
    ctx: Context,
    *,
    resident_id: UUID,
    session_id: UUID,
    seat_number: int | None = None,
    not_before: datetime | None = None,
) -> clinics.Appointment:
    """代约 · Keeps a seat for a resident of the own team, who confirms it on the own phone."""
    resident = identity.resident(ctx, resident_id)
    return clinics.propose(ctx, resident, session_id, clinics.Wish(seat_number, not_before))


@api.get("")
@gives(ProposedSchema(many=True))
def proposals(ctx: Context) -> Sequence[clinics.Appointment]:
    """等待居民确认的代约 · Those that run out first come first."""
    return clinics.proposals(ctx)
