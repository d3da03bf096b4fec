"""候补: wait for a seat, see how many are before, stop waiting."""

from uuid import UUID

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, creates, gives, lists, takes
from miniapp_api.waiting_schemas import TargetSchema, WaitingPage, WaitingSchema

api = Api("waiting", Audience.RESIDENT, "/waiting")


class WaitingQuery(PageQuery):
    """All of them, or only what is still waited for."""

    is_live = fields.Boolean(load_default=False)


@api.post("")
@takes(TargetSchema)
@creates(WaitingSchema)
def join(ctx: Context, *, target: clinics.Target) -> clinics.Place:
    """加入候补 · One session, or any of a specialty; again answers the same place."""
    return clinics.join(ctx, target)


@api.get("")
@lists(WaitingQuery)
@gives(WaitingPage)
def waiting(ctx: Context, *, wanted: Wanted, is_live: bool) -> Page[clinics.Place]:
    """我的候补 · How many are before, the newest first."""
    return clinics.waiting(ctx, wanted, is_live=is_live)


@api.get("/<uuid:waiting_id>")
@gives(WaitingSchema)
def place(ctx: Context, waiting_id: UUID) -> clinics.Place:
    """一项候补 · Where it stands now."""
    return clinics.find_waiting(ctx, waiting_id)


@api.post("/<uuid:waiting_id>/leave")
@gives(WaitingSchema)
def leave(ctx: Context, waiting_id: UUID) -> clinics.Place:
    """退出候补 · In one tap; an offered seat goes to the next person."""
    return clinics.leave(ctx, clinics.waiting_entry(ctx, waiting_id))
