"""An expert's own clinics, and who is coming."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marshmallow import Schema

from backend import clinics, identity
from backend.kernel.context import Context, Kinship
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, lists, page_of
from miniapp_api.open.clinics import ClinicSessionSchema, DaysQuery

api = Api("clinics", Audience.DOCTOR, "/clinics")


class BookedSchema(Schema):
    """A seat and who has it; the name while the expert may know the person."""

    booking_id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    name = fields.Text(50, required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    sex = fields.choice(identity.Sex, required=True, allow_none=True)
    done_by = fields.done_by()


@dataclass(frozen=True, slots=True)
class Booked:
    """One line of the list."""

    booking_id: UUID
    resident_id: UUID
    seat_number: int
    starts_at: datetime
    ends_at: datetime
    name: str | None
    birth_date: date | None
    sex: identity.Sex | None
    by_kinship: Kinship | None


@api.get("/sessions")
@lists(DaysQuery)
@gives(page_of(ClinicSessionSchema))
def sessions(
    ctx: Context, *, wanted: Wanted, first: date | None = None, last: date | None = None
) -> Page[clinics.ClinicSession]:
    """我的门诊 · By time, with the seats left."""
    return clinics.own_sessions(ctx, clinics.Span.of(ctx, first, last), wanted)


@api.get("/sessions/<uuid:session_id>/bookings")
@gives(BookedSchema(many=True))
def booked(ctx: Context, session_id: UUID) -> Sequence[Booked]:
    """已约居民 · By number; each name shown is written down."""
    found = clinics.booked(ctx, clinics.own_session(ctx, session_id))
    people = identity.residents(ctx, [booking.resident_id for booking in found])
    return [_line(booking, people.get(booking.resident_id)) for booking in found]


def _line(booking: clinics.Booking, person: identity.Resident | None) -> Booked:
    return Booked(
        booking.id,
        booking.resident_id,
        booking.seat_number,
        booking.starts_at,
        booking.ends_at,
        person.name if person else None,
        person.birth_date if person else None,
        person.sex if person else None,
        booking.by_kinship,
    )
