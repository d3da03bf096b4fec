"""Lists of people whom a session would serve: reviewed by their family doctor."""

from collections.abc import Sequence
from uuid import UUID

from marshmallow import Schema, validate

from backend import outreach
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes

api = Api("outreach", Audience.DOCTOR, "/suggestion-lists")


class OutcomeSchema(Schema):
    """What came of a list: `booked` are people who were told first and have a seat now."""

    listed = fields.Whole(0, 100_000, required=True)
    removed = fields.Whole(0, 100_000, required=True)
    sent = fields.Whole(0, 100_000, required=True)
    dropped = fields.Whole(0, 100_000, required=True)
    booked = fields.Whole(0, 100_000, required=True)


class SuggestionListSchema(Schema):
    """A list: for which session, until when it waits for an answer, what came of it."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    state = fields.choice(outreach.ProposalState, required=True)
    made_at = fields.AwareDateTime(required=True)
    answer_by = fields.AwareDateTime(required=True)
    specialty = fields.Text(required=True)
    starts_at = fields.AwareDateTime(required=True)
    acts = fields.List(fields.choice(outreach.ProposalAct), required=True)
    outcome = fields.Nested(OutcomeSchema, required=True)


class ListedSchema(Schema):
    """Somebody on a list, and why, in words."""

    resident_id = fields.UUID(required=True)
    resident_name = fields.Text(50, required=True, allow_none=True)
    score = fields.Whole(0, 1000, required=True)
    reasons = fields.List(fields.Text(), required=True)
    state = fields.choice(outreach.SuggestionState, required=True)
    dropped = fields.Text(required=True, allow_none=True)


class SuggestionListDetailSchema(SuggestionListSchema):
    """A list with its people, the highest score first."""

    people = fields.List(fields.Nested(ListedSchema), required=True)


class ApprovalSchema(StrictSchema):
    """Everybody on the list but these."""

    without = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=200))


@api.get("")
@lists(PageQuery)
@gives(page_of(SuggestionListSchema))
def proposals(ctx: Context, *, wanted: Wanted) -> Page[outreach.Shown]:
    """门诊推荐名单 · Of the own teams, the newest first, with what came of them."""
    return outreach.lists(ctx, wanted)


@api.get("/<uuid:list_id>")
@gives(SuggestionListDetailSchema)
def proposal(ctx: Context, list_id: UUID) -> outreach.Shown:
    """一份名单 · Each name shown is written down."""
    return outreach.find(ctx, list_id)


@api.post("/<uuid:list_id>/approval")
@takes(ApprovalSchema)
@gives(SuggestionListDetailSchema)
def approve(ctx: Context, list_id: UUID, *, without: Sequence[UUID]) -> outreach.Shown:
    """同意推荐 · Everybody but those who are named is told."""
    return outreach.approve(ctx, outreach.hold(ctx, list_id), without)


@api.post("/<uuid:list_id>/refusal")
@gives(SuggestionListDetailSchema)
def decline(ctx: Context, list_id: UUID) -> outreach.Shown:
    """不推荐 · Nobody on the list is told."""
    return outreach.decline(ctx, outreach.hold(ctx, list_id))
