"""停诊改约: what a person who lost a seat can choose."""

from uuid import UUID

from backend import clinics
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.alternatives import AlternativesSchema, SeatChoiceSchema
from miniapp_api.contract import Api, gives, takes

api = Api("displacements", Audience.RESIDENT, "/bookings")


@api.get("/<uuid:lost_id>/alternatives")
@gives(AlternativesSchema)
def alternatives(ctx: Context, lost_id: UUID) -> clinics.cascade.Alternatives:
    """停诊后可改的号 · By the booking that was lost, or the one that is kept instead."""
    return clinics.cascade.alternatives(ctx, lost_id)


@api.post("/<uuid:lost_id>/alternatives/choice")
@takes(SeatChoiceSchema)
@gives(AlternativesSchema)
def choose(
    ctx: Context, lost_id: UUID, *, session_id: UUID, seat_number: int | None = None
) -> clinics.cascade.Alternatives:
    """改选别的号 · In place of the one that is kept, in one act."""
    held = clinics.cascade.hold_displacement(ctx, lost_id)
    return clinics.cascade.choose(ctx, held, session_id, clinics.Wish(seat_number))


@api.post("/<uuid:lost_id>/alternatives/refusal")
@gives(AlternativesSchema)
def do_without(ctx: Context, lost_id: UUID) -> clinics.cascade.Alternatives:
    """都不要了 · What is kept is free for others, and nobody asks any more."""
    return clinics.cascade.do_without(ctx, clinics.cascade.hold_displacement(ctx, lost_id))


@api.post("/<uuid:lost_id>/alternatives/call")
@gives(AlternativesSchema)
def ask_for_call(ctx: Context, lost_id: UUID) -> clinics.cascade.Alternatives:
    """请打电话给我 · What is kept stays kept meanwhile."""
    return clinics.cascade.ask_for_call(ctx, clinics.cascade.hold_displacement(ctx, lost_id))
