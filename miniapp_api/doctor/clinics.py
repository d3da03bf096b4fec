"""An expert's own clinics, and who is coming."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from marshmallow import Schema

from backend import clinics, identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, lists, page_of
from miniapp_api.open.clinics import ClinicSessionSchema, DaysQuery

api = Api("clinics", Audience.DOCTOR, "/clinics")


class BookedSchema(Schema):
    """A seat that is taken, and by whom: only from some hours before the session until after it."""

    booking_id = fields.UUID(required=True, allow_none=True)
    resident_id = fields.UUID(required=True, allow_none=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    state = fields.choice(clinics.BookingState, required=True)
    name = fields.Text(50, required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    sex = fields.choice(identity.Sex, required=True, allow_none=True)
    done_by = fields.done_by()


class Booked:
    """One line of the list."""

    def __init__(self, seat: clinics.Expected, person: identity.Resident | None) -> None:
        booking = seat.booking
        self.seat_number, self.state = seat.seat_number, seat.state
        self.starts_at, self.ends_at = seat.starts_at, seat.ends_at
        self.booking_id = booking.id if booking else None
        self.resident_id = booking.resident_id if booking else None
        self.by_kinship = booking.by_kinship if booking else None
        self.name = person.name if person else None
        self.birth_date = person.birth_date if person else None
        self.sex = person.sex if person else None


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
    known = {seat.booking.resident_id for seat in found if seat.booking}
    people = identity.residents(ctx, sorted(known))
    return [
        Booked(seat, people.get(seat.booking.resident_id) if seat.booking else None)
        for seat in found
    ]
