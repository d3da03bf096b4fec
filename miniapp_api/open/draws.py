"""What is published of a draw, so that anybody can repeat it (docs/lottery.md)."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of

api = Api("draws", Audience.OPEN, "/clinics/sessions")


class DrawSchema(Schema):
    """A draw: its hours, the commitment, then the list's digest, then the seed."""

    session_id = fields.UUID(required=True)
    state = fields.choice(clinics.DrawState, required=True)
    opens_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True)
    draws_at = fields.AwareDateTime(required=True)
    rest_at = fields.AwareDateTime(
        required=True, metadata={"description": "From when seats that are left can be booked."}
    )
    commitment = fields.Text(64, required=True, metadata={"description": "SHA-256 of the seed."})
    made_at = fields.AwareDateTime(required=True)
    entries = fields.Whole(0, 1_000_000, required=True, allow_none=True)
    digest = fields.Text(64, required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    seed = fields.Text(64, required=True, allow_none=True)
    drawn_at = fields.AwareDateTime(required=True, allow_none=True)


class DrawTicketSchema(Schema):
    """One line of the closed list; whose it is, that person knows."""

    ticket = fields.UUID(required=True)
    priority = fields.Whole(0, 100, required=True)
    rank = fields.Whole(1, 1_000_000, required=True, allow_none=True)
    outcome = fields.choice(clinics.LotteryOutcome, required=True, allow_none=True)


@api.get("/<uuid:session_id>/draw")
@gives(DrawSchema)
def draw(ctx: Context, session_id: UUID) -> clinics.Draw:
    """摇号公示 · The commitment before joining opens, the seed after the draw."""
    return clinics.draw(ctx, session_id)


@api.get("/<uuid:session_id>/draw/tickets")
@lists(PageQuery)
@gives(page_of(DrawTicketSchema))
def tickets(ctx: Context, session_id: UUID, *, wanted: Wanted) -> Page[clinics.Ticket]:
    """摇号名单 · Tickets from the close on, their places from the draw on."""
    return clinics.tickets(ctx, session_id, wanted)
