"""Which specialists sit where, when, and whether a seat is left: for everybody."""

from datetime import date
from uuid import UUID

from marshmallow import Schema, validate

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.answers import shared
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of

api = Api("clinics", Audience.OPEN, "/clinics")


class ClinicSessionSchema(Schema):
    """One clinic on one day, who holds it and where."""

    id = fields.UUID(required=True)
    institution_id = fields.UUID(required=True)
    institution_name = fields.Text(attribute="institution.name", required=True)
    expert_id = fields.UUID(required=True)
    expert_name = fields.Text(attribute="expert.name", required=True)
    expert_title = fields.Text(attribute="expert.title", required=True)
    specialty = fields.Text(required=True)
    service = fields.choice(clinics.Service, required=True)
    room = fields.Text(required=True)
    fee = fields.Text(required=True, allow_none=True)
    day = fields.Date(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    releases_at = fields.AwareDateTime(required=True)
    capacity = fields.Whole(0, 100_000, required=True)
    free = fields.Whole(0, 100_000, required=True)
    state = fields.choice(clinics.SessionState, required=True)
    reason = fields.Text(required=True, allow_none=True)


class ShareSchema(Schema):
    """How many seats are kept for whom, and how many of them nobody has."""

    quota = fields.choice(clinics.Quota, required=True)
    capacity = fields.Whole(1, 100_000, required=True)
    free = fields.Whole(0, 100_000, required=True)


class OfferedSchema(ClinicSessionSchema):
    """A session and whether the public can book a seat now: `free` of `capacity`.

    More can be booked from `next_release_at` on.
    """

    institution_name = fields.Text(required=True)
    expert_name = fields.Text(required=True)
    expert_title = fields.Text(required=True)
    standing = fields.choice(clinics.Standing, required=True)
    allocation = fields.choice(clinics.Allocation, required=True)
    next_release_at = fields.AwareDateTime(required=True, allow_none=True)
    quotas = fields.List(fields.Nested(ShareSchema), required=True)


class SeatSchema(Schema):
    """A numbered seat and its minutes; free: everybody may book it now."""

    number = fields.Whole(1, 100_000, required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    quota = fields.choice(clinics.Quota, required=True)
    is_free = fields.Boolean(required=True)


class OfferedSeatsSchema(OfferedSchema):
    """A session with its seats."""

    seats = fields.List(fields.Nested(SeatSchema), required=True)


class DaysQuery(PageQuery):
    """Which days; today and a month from there unless said otherwise."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


class TimetableQuery(DaysQuery):
    """Which sessions."""

    institution_id = fields.UUID()
    specialty = fields.Text(50, validate=[validate.Length(max=50)])


@api.get("/sessions")
@shared
@lists(TimetableQuery)
@gives(page_of(OfferedSchema))
def timetable(
    ctx: Context,
    *,
    wanted: Wanted,
    first: date | None = None,
    last: date | None = None,
    institution_id: UUID | None = None,
    specialty: str | None = None,
) -> Page[clinics.PublicSession]:
    """专家门诊时间表 · Sessions still to come, by time, with the seats that can be booked now."""
    span = clinics.Span.of(ctx, first, last)
    return clinics.timetable(ctx, span, wanted, institution_id, specialty)


@api.get("/sessions/<uuid:session_id>")
@shared
@gives(OfferedSeatsSchema)
def session(ctx: Context, session_id: UUID) -> clinics.PublicSession:
    """一场门诊 · With its numbered seats and their minutes."""
    return clinics.public_session(ctx, session_id)
