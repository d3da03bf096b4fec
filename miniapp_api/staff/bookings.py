"""窗口预约: the person stands at the desk with the original document."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend import clinics, identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, creates, gives, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.resident.clinics import NamedAppointmentSchema
from miniapp_api.staff.desk import SeenAtDeskSchema

api = Api("desk-bookings", Audience.STAFF, "/desk/bookings")


class DeskAppointmentSchema(NamedAppointmentSchema):
    """A booking of the person at the desk."""

    resident_id = fields.UUID(required=True)


class DeskBookingSchema(SeenAtDeskSchema):
    """Who stands there, and which session; a seat, or the first one from an instant on."""

    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000)
    not_before = fields.AwareDateTime()


@api.post("")
@paced(Pace.DESK_CODE)
@takes(DeskBookingSchema)
@creates(DeskAppointmentSchema)
def book(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001 — refused by the schema unless it is true
    session_id: UUID,
    seat_number: int | None = None,
    not_before: datetime | None = None,
) -> clinics.Appointment:
    """窗口代约 · Also for who rests online, up to the beginning of the session."""
    return clinics.book_at_desk(ctx, claim, session_id, clinics.Wish(seat_number, not_before))


@api.post("/search")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(DeskAppointmentSchema(many=True))
def bookings(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001
) -> Sequence[clinics.Appointment]:
    """窗口查预约 · What the person has ahead."""
    return clinics.bookings_at_desk(ctx, claim)


@api.post("/<uuid:booking_id>/cancellation")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(DeskAppointmentSchema)
def cancel(
    ctx: Context,
    booking_id: UUID,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001
) -> clinics.Appointment:
    """窗口取消预约 · However near it is."""
    return clinics.cancel_at_desk(ctx, claim, booking_id)
