"""A house's clinic sessions."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, lists, page_of, takes
from miniapp_api.open.clinics import ClinicSessionSchema, DaysQuery

api = Api("clinics", Audience.MANAGER, "/clinics")
MOST_AT_ONCE = 200


class CountedSessionSchema(ClinicSessionSchema):
    """A session with the seats that somebody has or that are kept for somebody; who waits."""

    taken = fields.Whole(0, 100_000, required=True)
    waiting = fields.Whole(0, 1_000_000, required=True)
    acts = fields.List(fields.choice(clinics.SessionAct), required=True)


class CancellationSchema(StrictSchema):
    """Why, in words that the people who lose their seat will read."""

    reason = fields.Text(100, required=True)


class GeneratedSchema(Schema):
    """How many sessions are new."""

    made = fields.Whole(0, 100_000, required=True)


class Counted:
    """A session as its house sees it now."""

    def __init__(
        self,
        ctx: Context,
        session: clinics.ClinicSession,
        waiting: Mapping[UUID, int] | None = None,
    ) -> None:
        self.session, self.acts = session, clinics.acts(ctx, session)
        counts = clinics.waiting_counts([session]) if waiting is None else waiting
        self.waiting = counts.get(session.id, 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


@api.get("/sessions")
@lists(DaysQuery)
@gives(page_of(CountedSessionSchema))
def sessions(
    ctx: Context, *, wanted: Wanted, first: date | None = None, last: date | None = None
) -> Page[Counted]:
    """门诊场次 · Of the own house, by time, with counts."""
    found = clinics.sessions_of_house(ctx, clinics.Span.of(ctx, first, last), wanted)
    waiting = clinics.waiting_counts(found.items)
    return Page([Counted(ctx, session, waiting) for session in found.items], found.next)


@api.get("/sessions/astray")
@gives(CountedSessionSchema(many=True))
def astray(ctx: Context) -> list[Counted]:
    """待处理场次 · To come, with people in it, and not as its roster says now: somebody decides."""
    return [Counted(ctx, session) for session in clinics.astray(ctx)]


@api.post("/sessions/<uuid:session_id>/cancellation")
@takes(CancellationSchema)
@gives(CountedSessionSchema)
def cancel(ctx: Context, session_id: UUID, *, reason: str) -> Counted:
    """停诊 · Each booking is withdrawn, and its person told."""
    session = clinics.session_of_house(ctx, session_id)
    return Counted(ctx, clinics.cancel_session(ctx, session, reason))


@api.post("/generation")
@gives(GeneratedSchema)
def generate(ctx: Context) -> dict[str, int]:
    """生成场次 · At once, for the own house, what the hourly job would make later."""
    return {"made": clinics.generate(ctx, MOST_AT_ONCE)}
