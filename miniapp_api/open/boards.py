"""The screen of a waiting room: numbers alone."""

from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.answers import tell_only_what_is_new
from miniapp_api.contract import Api, gives

api = Api("boards", Audience.OPEN, "/clinics")
MAX_AGE_S = 5


class BoardSchema(Schema):
    """Which seat numbers were called, the last one first, and which come next, in order."""

    session_id = fields.UUID(required=True, attribute="session.id")
    room = fields.Text(required=True, attribute="session.room")
    specialty = fields.Text(required=True, attribute="session.specialty")
    expert_name = fields.Text(required=True, attribute="session.expert.name")
    starts_at = fields.AwareDateTime(required=True, attribute="session.starts_at")
    began_at = fields.AwareDateTime(required=True, allow_none=True, attribute="session.began_at")
    called = fields.List(fields.Whole(1, 100_000), required=True)
    waiting = fields.List(fields.Whole(1, 100_000), required=True)


@api.get("/sessions/<uuid:session_id>/board")
@gives(BoardSchema)
def board(ctx: Context, session_id: UUID) -> clinics.day.Board:
    """候诊屏 · Seat numbers and nobody's name; the same for everybody, kept for some seconds."""
    tell_only_what_is_new(public_s=MAX_AGE_S)
    return clinics.day.board(ctx, session_id)
