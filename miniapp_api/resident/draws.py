"""Take part in the draw for a scarce session, see what came of it."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes
from miniapp_api.open.draws import DrawSchema

api = Api("draws", Audience.RESIDENT, "/draw-entries")


class DrawEntrySchema(Schema):
    """One's own part in a draw: the ticket, the class with its reason, what came of it."""

    id = fields.UUID(required=True)
    ticket = fields.UUID(
        required=True,
        metadata={"description": "What the public list calls the person; nobody else knows whose."},
    )
    priority = fields.Whole(0, 100, required=True)
    reason = fields.Text(required=True)
    wants_waiting = fields.Boolean(required=True)
    joined_at = fields.AwareDateTime(required=True)
    left_at = fields.AwareDateTime(required=True, allow_none=True)
    done_by = fields.done_by()
    starts_at = fields.AwareDateTime(required=True)
    specialty = fields.Text(required=True)
    rank = fields.Whole(1, 1_000_000, required=True, allow_none=True)
    outcome = fields.choice(clinics.LotteryOutcome, required=True, allow_none=True)
    booking_id = fields.UUID(required=True, allow_none=True)
    may_leave = fields.Boolean(required=True)
    draw = fields.Nested(DrawSchema, required=True)


class JoiningSchema(StrictSchema):
    """Which session; whether to wait for a seat when the draw brings none."""

    session_id = fields.UUID(required=True)
    wants_waiting = fields.Boolean(load_default=True)


@api.post("")
@takes(JoiningSchema)
@creates(DrawEntrySchema)
def join(ctx: Context, *, session_id: UUID, wants_waiting: bool) -> clinics.Entry:
    """报名摇号 · Once a person; early or late within the window is the same."""
    return clinics.join_draw(ctx, session_id, wants_waiting=wants_waiting)


@api.get("")
@lists(PageQuery)
@gives(page_of(DrawEntrySchema))
def entries(ctx: Context, *, wanted: Wanted) -> Page[clinics.Entry]:
    """我的摇号 · The newest first."""
    return clinics.entries(ctx, wanted)


@api.get("/<uuid:entry_id>")
@gives(DrawEntrySchema)
def entry(ctx: Context, entry_id: UUID) -> clinics.Entry:
    """一次报名 · With what came of it."""
    return clinics.draw_entry(ctx, entry_id)


@api.post("/<uuid:entry_id>/withdrawal")
@gives(DrawEntrySchema)
def leave(ctx: Context, entry_id: UUID) -> clinics.Entry:
    """退出摇号 · While one can still join."""
    return clinics.leave_draw(ctx, clinics.hold_entry(ctx, entry_id))
