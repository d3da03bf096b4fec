"""停诊后的联系名单: everybody who lost a seat stays on it until there is an answer."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.alternatives import SeatChoiceSchema
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of, takes
from miniapp_api.open.clinics import ClinicSessionSchema

api = Api("displaced", Audience.STAFF, "/clinics")


class DisplacedSchema(Schema):
    """Who waits for an answer or a call, since when, and what is kept meanwhile."""

    id = fields.UUID(required=True, attribute="row.id")
    resident_id = fields.UUID(required=True, attribute="row.resident_id")
    name = fields.Text(50, required=True, attribute="person.name")
    state = fields.choice(clinics.cascade.DisplacementState, required=True, attribute="row.state")
    since = fields.AwareDateTime(required=True, attribute="row.opened_at")
    session_id = fields.UUID(required=True, attribute="lost.id")
    specialty = fields.Text(required=True, attribute="lost.specialty")
    lost_starts_at = fields.AwareDateTime(required=True, attribute="lost.starts_at")
    offer_id = fields.UUID(required=True, allow_none=True, attribute="row.offer_id")
    offered_session_id = fields.UUID(required=True, allow_none=True)
    offered_starts_at = fields.AwareDateTime(required=True, allow_none=True)
    offered_until = fields.AwareDateTime(required=True, allow_none=True)
    call_wanted_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="row.call_wanted_at"
    )
    calls_missed = fields.Whole(0, 100_000, required=True, attribute="row.calls_missed")
    called_at = fields.AwareDateTime(required=True, allow_none=True, attribute="row.called_at")


class DisplacedCallSchema(DisplacedSchema):
    """With the phone number, and the sessions that would do instead; each look is written down."""

    phone = fields.Text(20, required=True, allow_none=True, attribute="person.phone")
    sessions = fields.List(fields.Nested(ClinicSessionSchema), required=True)


class GivenBackSchema(Schema):
    """A seat that was given back, or taken away, today."""

    booking_id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    state = fields.choice(clinics.BookingState, required=True)
    session_id = fields.UUID(required=True)
    specialty = fields.Text(required=True)
    room = fields.Text(required=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    starts_at = fields.AwareDateTime(required=True)


@api.get("/displaced")
@lists(PageQuery)
@gives(page_of(DisplacedSchema))
def displaced(ctx: Context, *, wanted: Wanted) -> Page[clinics.cascade.Displaced]:
    """停诊待联系 · Of the own house; who waits longest first, until each has answered."""
    return clinics.cascade.displaced(ctx, wanted)


@api.get("/displaced/<uuid:displacement_id>")
@gives(DisplacedCallSchema)
def call(ctx: Context, displacement_id: UUID) -> clinics.cascade.Displaced:
    """打电话前看一眼 · The phone number, what is kept and what else there is."""
    return clinics.cascade.one_displaced(ctx, displacement_id)


@api.post("/displaced/<uuid:displacement_id>/acceptance")
@gives(DisplacedCallSchema)
def accept(ctx: Context, displacement_id: UUID) -> clinics.cascade.Displaced:
    """电话里同意 · The seat that is kept is booked."""
    clinics.cascade.accept(ctx, clinics.cascade.hold_displaced(ctx, displacement_id))
    return clinics.cascade.one_displaced(ctx, displacement_id)


@api.post("/displaced/<uuid:displacement_id>/choice")
@takes(SeatChoiceSchema)
@gives(DisplacedCallSchema)
def choose(
    ctx: Context, displacement_id: UUID, *, session_id: UUID, seat_number: int | None = None
) -> clinics.cascade.Displaced:
    """电话里改选 · Another seat in place of the one that is kept."""
    held = clinics.cascade.hold_displaced(ctx, displacement_id)
    clinics.cascade.choose(ctx, held, session_id, clinics.Wish(seat_number))
    return clinics.cascade.one_displaced(ctx, displacement_id)


@api.post("/displaced/<uuid:displacement_id>/refusal")
@gives(DisplacedCallSchema)
def do_without(ctx: Context, displacement_id: UUID) -> clinics.cascade.Displaced:
    """电话里不要了 · What is kept is free for others."""
    clinics.cascade.do_without(ctx, clinics.cascade.hold_displaced(ctx, displacement_id))
    return clinics.cascade.one_displaced(ctx, displacement_id)


@api.post("/displaced/<uuid:displacement_id>/missed-call")
@gives(DisplacedCallSchema)
def note_missed_call(ctx: Context, displacement_id: UUID) -> clinics.cascade.Displaced:
    """没有打通 · Counted; the person stays on the list."""
    clinics.cascade.note_missed_call(ctx, clinics.cascade.hold_displaced(ctx, displacement_id))
    return clinics.cascade.one_displaced(ctx, displacement_id)


@api.get("/changes")
@lists(PageQuery)
@gives(page_of(GivenBackSchema))
def changes(ctx: Context, *, wanted: Wanted) -> Page[clinics.cascade.Change]:
    """今天的退号和改约 · Of the own house, the latest first; seats, without who had them."""
    return clinics.cascade.changes(ctx, wanted)
