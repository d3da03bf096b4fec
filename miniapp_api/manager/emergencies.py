"""紧急调阅复核: what the house's doctors opened, and which residents are to be called."""

from typing import Any
from uuid import UUID

from backend import auditing
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, lists, page_of, takes
from miniapp_api.emergencies import AccessesQuery, ReviewableAccessSchema

api = Api("emergencies", Audience.MANAGER, "/emergency-accesses")


class HouseAccessesQuery(AccessesQuery):
    """Which of the house's; `to_call`: those whose resident is still to be called."""

    to_call = fields.Boolean(load_default=False)


class ReviewSchema(StrictSchema):
    """What the reviewer found, and why."""

    verdict = fields.choice(auditing.Verdict, required=True)
    note = fields.Text(500, required=True)


@api.get("")
@lists(HouseAccessesQuery)
@gives(page_of(ReviewableAccessSchema))
def listed(
    ctx: Context, *, wanted: Wanted, to_call: bool, state: auditing.State | None = None
) -> Page[auditing.EmergencyAccess]:
    """本机构的紧急调阅 · Newest first; `to_call` is the list of residents to telephone."""
    return auditing.accesses(ctx, wanted, state, to_call=to_call)


@api.post("/<uuid:access_id>/review")
@takes(ReviewSchema)
@gives(ReviewableAccessSchema)
def review(ctx: Context, access_id: UUID, **said: Any) -> auditing.EmergencyAccess:
    """复核紧急调阅 · Never one's own; what was not justified ends at once."""
    return auditing.review(ctx, auditing.hold_access(ctx, access_id), **said)


@api.post("/<uuid:access_id>/call")
@gives(ReviewableAccessSchema)
def call(ctx: Context, access_id: UUID) -> auditing.EmergencyAccess:
    """已电话告知 · The resident was told by telephone."""
    return auditing.call(ctx, auditing.hold_access(ctx, access_id))
