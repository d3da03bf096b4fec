"""On the day: say that one is there, see the line, explain a seat that was not sat on."""

from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.answers import tell_only_what_is_new
from miniapp_api.contract import Api, StrictSchema, gives, takes
from miniapp_api.resident.clinics import NamedAppointmentSchema

api = Api("attendance", Audience.RESIDENT)
HOW = (
    "网上预约暂停只是一段时间，不影响窗口、家庭医生、转诊和补约。"
    "如果当时来了或有特殊情况，请点“说明原因”，写一句话即可；社区会在期限内答复，逾期未答复的自动取消这条记录。"
)


class DoorCodeSchema(StrictSchema):
    """What the code on the door says."""

    code = fields.Text(120, required=True)


class AheadSchema(Schema):
    """Who is before one, and for how many minutes; `null` where nothing honest can be said.

    `expected` have a smaller number, are not there yet and may still come in time. `is_real`: by
    the pace of this session today, else by its plan.
    """

    here = fields.Whole(0, 10_000, required=True)
    expected = fields.Whole(0, 10_000, required=True)
    about_minutes = fields.Whole(0, 100_000, required=True, allow_none=True, attribute="about")
    least_minutes = fields.Whole(0, 100_000, required=True, allow_none=True, attribute="least")
    most_minutes = fields.Whole(0, 100_000, required=True, allow_none=True, attribute="most")
    is_real = fields.Boolean(required=True)


class PlaceInLineSchema(Schema):
    """Where one stands in the line; `words` say it as a person would."""

    booking_id = fields.UUID(required=True)
    seat_number = fields.Whole(1, 100_000, required=True)
    state = fields.choice(clinics.BookingState, required=True)
    has_begun = fields.Boolean(required=True)
    is_called = fields.Boolean(required=True)
    ahead = fields.Nested(AheadSchema, required=True, allow_none=True)
    words = fields.Text(required=True)


class StrikeSchema(Schema):
    """A seat that nobody sat on or that came back late, and what was said about it."""

    id = fields.UUID(required=True, attribute="strike.id")
    booking_id = fields.UUID(required=True, attribute="strike.booking_id")
    kind = fields.choice(clinics.StrikeKind, required=True, attribute="strike.kind")
    state = fields.choice(clinics.StrikeState, required=True, attribute="strike.state")
    noted_at = fields.AwareDateTime(required=True, attribute="strike.at")
    seat_starts_at = fields.AwareDateTime(required=True, attribute="booking.starts_at")
    specialty = fields.Text(required=True, attribute="session.specialty")
    because = fields.Text(required=True, allow_none=True, attribute="strike.because")
    answer = fields.Text(required=True, allow_none=True, attribute="strike.answer")
    decided_at = fields.AwareDateTime(required=True, allow_none=True, attribute="strike.decided_at")


class OwnStrikeSchema(StrikeSchema):
    """With what the person may do now, and until when."""

    can_appeal = fields.Boolean(required=True)
    appealed_until = fields.AwareDateTime(required=True)


class OwnStrikesSchema(Schema):
    """What is held against one; from `most` counting ones on online booking rests for a while."""

    items = fields.List(fields.Nested(OwnStrikeSchema), required=True)
    counting = fields.Whole(0, 10_000, required=True)
    most = fields.Whole(1, 1000, required=True)
    rests_until = fields.AwareDateTime(required=True, allow_none=True)
    late_cancel_hours = fields.Whole(
        0,
        1000,
        required=True,
        metadata={"description": "What is given back later counts."},
    )
    how = fields.Text(required=True)


class AppealSchema(StrictSchema):
    """Why, in one's own words."""

    because = fields.Text(500, required=True)


class Told:
    """A place in the line, with words."""

    def __init__(self, queue: clinics.day.Queue) -> None:
        self.queue, self.words = queue, words_of(queue)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queue, name)


class Own:
    """What is held against somebody, with how to answer."""

    def __init__(self, found: clinics.day.OwnStrikes) -> None:
        self.found, self.how = found, HOW
        self.items = [OwnNoted(one) for one in found.items]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.found, name)


class OwnNoted:
    """A strike, and whether it can still be explained."""

    def __init__(self, noted: clinics.day.Noted) -> None:
        self.noted = noted
        self.can_appeal = clinics.StrikeAct.APPEAL in noted.acts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.noted, name)


@api.post("/check-ins")
@takes(DoorCodeSchema)
@gives(NamedAppointmentSchema)
def check_in(ctx: Context, *, code: str) -> clinics.Appointment:
    """扫码签到 · By today's code at the door of the house or the room; again is no change."""
    return clinics.day.check_in(ctx, code)


@api.get("/bookings/<uuid:booking_id>/queue")
@gives(PlaceInLineSchema)
def queue(ctx: Context, booking_id: UUID) -> Told:
    """候诊进度 · How many are before one and about how long; asks cost little (ETag)."""
    tell_only_what_is_new()
    return Told(clinics.day.queue(ctx, booking_id))


@api.get("/strikes")
@gives(OwnStrikesSchema)
def strikes(ctx: Context) -> Own:
    """爽约记录 · What is held against one, until when online booking rests, how to answer."""
    return Own(clinics.day.own_strikes(ctx))


@api.post("/strikes/<uuid:strike_id>/appeal")
@takes(AppealSchema)
@gives(OwnStrikeSchema)
def appeal(ctx: Context, strike_id: UUID, *, because: str) -> OwnNoted:
    """说明原因 · Once; the house answers in time, or it no longer counts."""
    return OwnNoted(clinics.day.appeal(ctx, clinics.day.hold_strike(ctx, strike_id), because))


def words_of(queue: clinics.day.Queue) -> str:
    """Say where somebody stands, and how sure that is."""
    if queue.is_called:
        return f"轮到您了，请到{queue.room}。"
    match queue.state, queue.ahead:
        case clinics.BookingState.SEEN, _:
            return "您已就诊，祝您健康。"
        case clinics.BookingState.BOOKED, _:
            return "您还没有签到。到了以后请扫门口的签到码，或到窗口签到，再为您排队。"
        case clinics.BookingState.ARRIVED, None | clinics.day.Ahead(about=None):
            return "门诊还没有开始叫号，暂时说不准要等多久，请留意现场通知。"
        case clinics.BookingState.ARRIVED, clinics.day.Ahead() as ahead:
            return _waiting(ahead)
    return "这个预约现在不在候诊队列里。"


def _waiting(ahead: clinics.day.Ahead) -> str:
    first = f"前面还有 {ahead.here} 位，" if ahead.here else "下一位就是您，"
    basis = "按今天的看诊速度估算" if ahead.is_real else "按预约时段估算，可能有出入"
    late = f"另有 {ahead.expected} 位号在您前面的还没到，" if ahead.expected else ""
    span = f"一般 {ahead.least} 到 {ahead.most} 分钟"
    return f"{first}大约 {ahead.about} 分钟。{late}{span}，{basis}。"
