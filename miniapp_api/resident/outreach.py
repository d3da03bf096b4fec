"""What was suggested to a person, and that no more is wanted."""

from collections.abc import Sequence

from marshmallow import Schema

from backend import outreach
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes

api = Api("outreach", Audience.RESIDENT, "/suggestions")


class SuggestionSchema(Schema):
    """A session that was suggested by one's own family doctor."""

    id = fields.UUID(required=True)
    session_id = fields.UUID(required=True)
    specialty = fields.Text(required=True)
    sent_at = fields.AwareDateTime(required=True)


class SuggestionRefusalSchema(Schema):
    """What is wanted no more: a specialty, or, where it is empty, any suggestion."""

    specialty = fields.Text(50, shortest=0, required=True)
    said_at = fields.AwareDateTime(required=True)
    done_by = fields.done_by()


class UnwantedSchema(StrictSchema):
    """A specialty; without one: any suggestion."""

    specialty = fields.Text(50, shortest=0, load_default="")


@api.get("")
@lists(PageQuery)
@gives(page_of(SuggestionSchema))
def suggestions(ctx: Context, *, wanted: Wanted) -> Page[outreach.Suggestion]:
    """为我推荐的门诊 · The newest first."""
    return outreach.own(ctx, wanted)


@api.get("/refusals")
@gives(SuggestionRefusalSchema(many=True))
def refusals(ctx: Context) -> Sequence[outreach.SuggestionRefusal]:
    """不要推荐的科室 · Empty: none is refused."""
    return outreach.refusals(ctx)


@api.post("/refusals")
@takes(UnwantedSchema)
@gives(SuggestionRefusalSchema(many=True))
def refuse(ctx: Context, *, specialty: str) -> Sequence[outreach.SuggestionRefusal]:
    """别再推荐 · Of a specialty, or at all."""
    return outreach.refuse(ctx, specialty)


@api.post("/refusals/withdrawal")
@takes(UnwantedSchema)
@gives(SuggestionRefusalSchema(many=True))
def want_again(ctx: Context, *, specialty: str) -> Sequence[outreach.SuggestionRefusal]:
    """恢复推荐 · What was refused before."""
    return outreach.want_again(ctx, specialty)
