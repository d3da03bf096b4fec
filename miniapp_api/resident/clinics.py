"""Book a seat with a specialist, see it, give it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema, validates_schema
from marshmallow.exceptions import ValidationError

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes

api = Api("clinics", Audience.RESIDENT, "/bookings")


class AppointmentSchema(Schema):
    """A booking: when, where, with whom, and what may be done with it."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    institution_id = fields.UUID(required=True)
    expert_id = fields.UUID(required=True)
    specialty = fields.Text(required=True)
    room = fields.Text(required=True)
    state = fields.choice(clinics.BookingState, required=True)
    acts = fields.List(fields.choice(clinics.BookingAct), required=True)
    booked_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    origin = fields.choice(clinics.BookingOrigin, required=True)
    held_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until when the seat is kept; later it is somebody else's."},
    )
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    done_by = fields.done_by()
    ended_by = fields.done_by("ended_by_kinship")
    reason = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Why the session is not held, when it was cancelled."},
    )


class NamedAppointmentSchema(AppointmentSchema):
    """With the names of the expert and the house."""

    expert_name = fields.Text(required=True)
    institution_name = fields.Text(required=True)


class BookingSchema(StrictSchema):
    """Which session; a seat, or the first one from an instant on, if it matters.

    With `only_hold` the seat is kept for some minutes and waits for the confirmation.
    """

    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000)
    not_before = fields.AwareDateTime()
    only_hold = fields.Boolean(load_default=False)

    @validates_schema
    def _one_wish(self, data: dict[str, Any], **_: Any) -> None:
        if "seat_number" in data and "not_before" in data:
            raise ValidationError("号和时段请只选一项", "not_before")


class SeatChangeSchema(StrictSchema):
    """To which session; which seat of it, if it matters."""

    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000)


@api.post("")
@takes(BookingSchema)
@creates(AppointmentSchema)
def book(
    ctx: Context,
    *,
    session_id: UUID,
    seat_number: int | None = None,
    not_before: datetime | None = None,
    only_hold: bool = False,
) -> clinics.Appointment:
    """预约 · The first free seat, or the one that is asked for; or only held for some minutes."""
    wish = clinics.Wish(seat_number, not_before)
    return clinics.book(ctx, session_id, wish, only_hold=only_hold)


@api.get("")
@lists(PageQuery)
@gives(page_of(NamedAppointmentSchema))
def bookings(ctx: Context, *, wanted: Wanted) -> Page[clinics.Appointment]:
    """我的预约 · Past ones included, the latest hour first."""
    return clinics.bookings(ctx, wanted)


@api.get("/<uuid:booking_id>")
@gives(NamedAppointmentSchema)
def booking(ctx: Context, booking_id: UUID) -> clinics.Appointment:
    """一个预约 · With what may be done now."""
    return clinics.find(ctx, booking_id)


@api.post("/<uuid:booking_id>/cancellation")
@gives(NamedAppointmentSchema)
def cancel(ctx: Context, booking_id: UUID) -> clinics.Appointment:
    """取消预约 · The seat is free for others at once."""
    return clinics.cancel(ctx, clinics.hold(ctx, booking_id))


@api.post("/<uuid:booking_id>/move")
@takes(SeatChangeSchema)
@creates(NamedAppointmentSchema)
def move(
    ctx: Context, booking_id: UUID, *, session_id: UUID, seat_number: int | None = None
) -> clinics.Appointment:
    """改约 · The seat in the other session, and the old one given back; or nothing changes."""
    held = clinics.hold_to_move(ctx, booking_id)
    return clinics.move(ctx, held, session_id, clinics.Wish(seat_number))


@api.post("/<uuid:booking_id>/confirmation")
@gives(NamedAppointmentSchema)
def confirm(ctx: Context, booking_id: UUID) -> clinics.Appointment:
    """确认 · Takes the seat that is held or offered, before its end."""
    return clinics.confirm(ctx, clinics.hold(ctx, booking_id))


@api.post("/<uuid:booking_id>/refusal")
@gives(NamedAppointmentSchema)
def decline(ctx: Context, booking_id: UUID) -> clinics.Appointment:
    """不要了 · Leaves the seat that is held or offered to others."""
    return clinics.decline(ctx, clinics.hold(ctx, booking_id))
