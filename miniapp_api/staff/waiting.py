"""窗口候补与电话告知: people without a phone wait as well, and are called."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics, identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.staff.desk import SeenAtDeskSchema
from miniapp_api.waiting_schemas import KnownWaitingSchema, TargetSchema

api = Api("waiting", Audience.STAFF)


class DeskTargetSchema(TargetSchema):
    """Who stands there, what is waited for, and how the person is reached."""

    person = fields.Nested(SeenAtDeskSchema, required=True)
    reach = fields.choice(clinics.Reach, load_default=None)


class PhoneOfferSchema(Schema):
    """Whom to call, until when, about which seat; every name shown is written down."""

    id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    phone = fields.Text(20, required=True, allow_none=True)
    urgency = fields.choice(clinics.Urgency, required=True)
    booking_id = fields.UUID(required=True)
    specialty = fields.Text(required=True)
    expert_name = fields.Text(required=True)
    institution_name = fields.Text(required=True)
    room = fields.Text(required=True)
    fee = fields.Text(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(required=True)
    offered_until = fields.AwareDateTime(required=True)
    calls = fields.Whole(0, 1000, required=True)


class CallOutcomeSchema(StrictSchema):
    """What came of it; a yes counts only if the person said it aloud."""

    outcome = fields.choice(clinics.CallOutcome, required=True)
    agreed_aloud = fields.Boolean(load_default=False)


@api.post("/desk/waiting")
@paced(Pace.DESK_CODE)
@takes(DeskTargetSchema)
@creates(KnownWaitingSchema)
def join(
    ctx: Context,
    *,
    person: dict[str, identity.Claim],
    target: clinics.Target,
    reach: clinics.Reach | None,
) -> clinics.Place:
    """窗口加入候补 · For who has no phone: the desk calls when a seat comes free."""
    return clinics.join_at_desk(ctx, person["claim"], target, reach)


@api.post("/desk/waiting/<uuid:waiting_id>/leave")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(KnownWaitingSchema)
def leave(
    ctx: Context,
    waiting_id: UUID,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001 — refused by the schema unless it is true
) -> clinics.Place:
    """窗口退出候补 · For the person who stands there."""
    return clinics.leave_at_desk(ctx, claim, waiting_id)


@api.get("/clinics/calls")
@lists(PageQuery)
@gives(page_of(PhoneOfferSchema))
def calls(ctx: Context, *, wanted: Wanted) -> Page[clinics.Call]:
    """待打电话 · About offered seats of the own house, the nearest end first."""
    return clinics.calls(ctx, wanted)


@api.post("/clinics/calls/<uuid:waiting_id>/outcome")
@takes(CallOutcomeSchema)
@gives(KnownWaitingSchema)
def record_call(
    ctx: Context, waiting_id: UUID, *, outcome: clinics.CallOutcome, agreed_aloud: bool
) -> clinics.Place:
    """记录电话结果 · Honestly: it is held against nobody."""
    entry = clinics.call_entry(ctx, waiting_id)
    return clinics.record_call(ctx, entry, outcome, agreed_aloud=agreed_aloud)
