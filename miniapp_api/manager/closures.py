"""停诊、改期、加减号: what a manager does with sessions that people have booked."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, validate

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, lists, page_of, takes
from miniapp_api.manager.clinics import Counted, CountedSessionSchema
from miniapp_api.open.clinics import ClinicSessionSchema, DaysQuery

api = Api("closures", Audience.MANAGER, "/clinics")


class ClosedSessionSchema(Schema):
    """A session that is not held, and how many of those who lost a seat have answered."""

    session = fields.Nested(ClinicSessionSchema, required=True)
    moved_to = fields.UUID(required=True, allow_none=True, attribute="session.moved_to")
    open = fields.Whole(0, 100_000, required=True)
    answered = fields.Whole(0, 100_000, required=True)


class ExpertLeaveSchema(StrictSchema):
    """Which expert is away, from which day until which, and why."""

    expert_id = fields.UUID(required=True)
    first = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")
    reason = fields.Text(100, required=True)


class InsteadSchema(StrictSchema):
    """When, where or by whom it is held instead; what is not named stays as it was."""

    reason = fields.Text(100, required=True)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    room = fields.Text(50)
    institution_id = fields.UUID()
    expert_id = fields.UUID()


class CapacitySchema(StrictSchema):
    """How many seats; which bookings go where fewer are left than are taken."""

    capacity = fields.Whole(1, 1000, required=True)
    withdrawn = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))


@api.get("/closed-sessions")
@lists(DaysQuery)
@gives(page_of(ClosedSessionSchema))
def closed_sessions(
    ctx: Context, *, wanted: Wanted, first: date | None = None, last: date | None = None
) -> Page[clinics.cascade.Closed]:
    """停诊的答复情况 · Of the own houses, by time."""
    return clinics.cascade.closed_sessions(ctx, clinics.Span.of(ctx, first, last), wanted)


@api.post("/closures")
@takes(ExpertLeaveSchema)
@gives(CountedSessionSchema(many=True))
def close(
    ctx: Context, *, expert_id: UUID, first: date, last: date, reason: str
) -> Sequence[Counted]:
    """专家请假停诊 · Whatever the expert holds in the own houses on these days, with its people."""
    days = clinics.Span.of(ctx, first, last)
    closed = clinics.cascade.close_sessions(ctx, expert_id, days, reason)
    return [Counted(ctx, session) for session in closed]


@api.post("/sessions/<uuid:session_id>/move")
@takes(InsteadSchema)
@creates(CountedSessionSchema)
def move(ctx: Context, session_id: UUID, **instead: Any) -> Counted:
    """改期或代诊 · Another session stands in; who had a seat keeps the number until an end."""
    session = clinics.session_of_house(ctx, session_id)
    return Counted(
        ctx, clinics.cascade.move_session(ctx, session, clinics.cascade.Instead(**instead))
    )


@api.post("/sessions/<uuid:session_id>/capacity")
@takes(CapacitySchema)
@gives(CountedSessionSchema)
def resize(ctx: Context, session_id: UUID, *, capacity: int, withdrawn: Sequence[UUID]) -> Counted:
    """加号或减号 · Refused with the bookings concerned where more are taken than remain."""
    session = clinics.session_of_house(ctx, session_id)
    return Counted(ctx, clinics.cascade.resize(ctx, session, capacity, withdrawn))
