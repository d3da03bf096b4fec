"""Running the day of a clinic: for its expert, and for the desk of the house where it is held."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, validate

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, gives_file, takes
from miniapp_api.open.clinics import ClinicSessionSchema

api = Api("clinic-day", Audience.STAFF, "/clinics")


class DaySessionSchema(ClinicSessionSchema):
    """A session of today, and since when its day has been recorded."""

    began_at = fields.AwareDateTime(required=True, allow_none=True)


class ShortName(fields.Text):
    """The family name alone: 王**."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(value and clinics.day.short_name(value), attr, obj, **kwargs)


class Form(StrEnum):
    """As what a code is drawn."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


class SeatOfDaySchema(Schema):
    """A seat of the day; who waits comes first, in their order. The name is short."""

    booking_id = fields.UUID(required=True, attribute="booking.id")
    resident_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000, required=True, attribute="booking.seat_number")
    starts_at = fields.AwareDateTime(required=True, attribute="booking.starts_at")
    state = fields.choice(clinics.BookingState, required=True, attribute="booking.state")
    short_name = ShortName(required=True, allow_none=True, attribute="name")
    arrived_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="booking.arrived_at"
    )
    is_behind = fields.Boolean(required=True, allow_none=True, attribute="turn.is_behind")
    called_at = fields.AwareDateTime(required=True, allow_none=True, attribute="turn.called_at")
    because = fields.Text(required=True, allow_none=True, attribute="turn.because")


class RecordedSchema(Schema):
    """What became of a seat."""

    booking_id = fields.UUID(required=True, attribute="id")
    resident_id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    state = fields.choice(clinics.BookingState, required=True)
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    seen_at = fields.AwareDateTime(required=True, allow_none=True)


class CallSchema(StrictSchema):
    """Nobody named: the next one. Somebody out of turn: why, for those who wait longer."""

    booking_id = fields.UUID()
    because = fields.Text(200)


class PictureQuery(StrictSchema):
    """As what: `svg` for a screen or a poster, `png` where that cannot be shown."""

    form = fields.choice(Form, load_default=Form.SVG, validate=validate.OneOf([Form.SVG, Form.PNG]))


class SeatOfDay:
    """A seat with empty fields where nobody is there."""

    def __init__(self, seat: clinics.day.Present) -> None:
        self.booking, self.name, self.resident_id = seat.booking, seat.name, seat.resident_id
        self.turn = seat.turn or _NoTurn


class _NoTurn:
    is_behind = called_at = because = None


@api.get("/sessions")
@gives(DaySessionSchema(many=True))
def sessions(ctx: Context) -> Sequence[clinics.ClinicSession]:
    """今日门诊 · Those one holds, and those of one's house."""
    return clinics.day.sessions_of_day(ctx)


@api.get("/sessions/<uuid:session_id>/queue")
@gives(SeatOfDaySchema(many=True))
def queue(ctx: Context, session_id: UUID) -> Sequence[SeatOfDay]:
    """候诊名单 · Short names, to be asked for at the desk; who is shown is written down."""
    found = clinics.day.present(ctx, clinics.day.session_of_day(ctx, session_id))
    return [SeatOfDay(seat) for seat in found]


@api.post("/sessions/<uuid:session_id>/beginning")
@gives(DaySessionSchema)
def begin(ctx: Context, session_id: UUID) -> clinics.ClinicSession:
    """开始门诊 · From now on it is recorded who comes; without it nobody is said to have missed."""
    clinics.day.begin(ctx, clinics.day.session_of_day(ctx, session_id))
    return clinics.day.session_of_day(ctx, session_id)


@api.post("/sessions/<uuid:session_id>/calls")
@takes(CallSchema)
@creates(RecordedSchema)
def call(
    ctx: Context, session_id: UUID, *, booking_id: UUID | None = None, because: str | None = None
) -> clinics.Booking:
    """叫号 · The next one by number; out of turn only with a reason."""
    session = clinics.day.session_of_day(ctx, session_id)
    return clinics.day.call(ctx, session, booking_id, because)


@api.get("/sessions/<uuid:session_id>/check-in-code")
@takes(PictureQuery, location="query")
@gives_file("image/svg+xml")
def session_code(ctx: Context, session_id: UUID, *, form: Form) -> Response:
    """诊室签到码 · Of this session; good today."""
    return picture(clinics.day.door_code(ctx, clinics.day.session_of_day(ctx, session_id)), form)


@api.get("/check-in-code")
@takes(PictureQuery, location="query")
@gives_file("image/svg+xml")
def house_code(ctx: Context, *, form: Form) -> Response:
    """门口签到码 · Of one's house; good today, and another one tomorrow."""
    return picture(clinics.day.house_code(ctx), form)


@api.post("/bookings/<uuid:booking_id>/arrival")
@gives(RecordedSchema)
def arrival(ctx: Context, booking_id: UUID) -> clinics.Booking:
    """窗口签到 · Of a seat on the list of the day; again is no change."""
    return clinics.day.note_arrival(ctx, clinics.day.hold_of_day(ctx, booking_id))


@api.post("/bookings/<uuid:booking_id>/absence")
@gives(RecordedSchema)
def absence(ctx: Context, booking_id: UUID) -> clinics.Booking:
    """过号 · Called and not there: comes behind those who wait."""
    return clinics.day.put_back(ctx, clinics.day.hold_of_day(ctx, booking_id))


@api.post("/bookings/<uuid:booking_id>/visit")
@gives(RecordedSchema)
def visit(ctx: Context, booking_id: UUID) -> clinics.Booking:
    """已就诊 · Was seen."""
    return clinics.day.see(ctx, clinics.day.hold_of_day(ctx, booking_id))


@api.post("/bookings/<uuid:booking_id>/correction")
@gives(RecordedSchema)
def correction(ctx: Context, booking_id: UUID) -> clinics.Booking:
    """更正未到 · Was there after all; the same day, and what it cost is lifted."""
    return clinics.day.correct(ctx, clinics.day.hold_of_day(ctx, booking_id))


def picture(code: str, form: Form) -> Response:
    """A code as a picture that nobody keeps."""
    is_png = form is Form.PNG
    drawn = clinics.day.png(code) if is_png else clinics.day.svg(code)
    answer = Response(drawn, mimetype="image/png" if is_png else "image/svg+xml")
    answer.headers["Cache-Control"] = "no-store"
    return answer
