"""A house's weekly clinics and their sessions."""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes
from miniapp_api.open.clinics import ClinicSessionSchema, DaysQuery

api = Api("clinics", Audience.MANAGER, "/clinics")
MOST_AT_ONCE = 200
clock_time = partial(
    fields.Time, format="%H:%M", metadata={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
)


class PlanSchema(StrictSchema):
    """A clinic to be held each week; `begins` and `ends` are times of day in Shanghai.

    In the own house, or in the one that is named where several are managed.
    """

    expert_id = fields.UUID(required=True)
    specialty = fields.Text(50, required=True)
    service = fields.choice(clinics.Service, required=True)
    room = fields.Text(50, required=True)
    fee = fields.Text(100, load_default=None, allow_none=True)
    weekday = fields.Whole(1, 7, required=True)
    begins = clock_time(required=True)
    ends = clock_time(required=True)
    capacity = fields.Whole(1, 1000, required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    institution_id = fields.UUID(load_default=None, allow_none=True)


class RosterSchema(Schema):
    """A weekly clinic."""

    id = fields.UUID(required=True)
    institution_id = fields.UUID(required=True)
    expert_id = fields.UUID(required=True)
    expert_name = fields.Text(attribute="expert.name", required=True)
    specialty = fields.Text(required=True)
    service = fields.choice(clinics.Service, required=True)
    room = fields.Text(required=True)
    fee = fields.Text(required=True, allow_none=True)
    weekday = fields.Whole(1, 7, required=True)
    begins = clock_time(required=True)
    ends = clock_time(required=True)
    capacity = fields.Whole(1, 1000, required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, allow_none=True)


class EndSchema(StrictSchema):
    """The last day."""

    ends_on = fields.Date(required=True)


class CountedSessionSchema(ClinicSessionSchema):
    """A session with the seats taken."""

    taken = fields.Whole(0, 100_000, required=True)
    acts = fields.List(fields.choice(clinics.SessionAct), required=True)


class CancellationSchema(StrictSchema):
    """Why, in words that the people who lose their seat will read."""

    reason = fields.Text(100, required=True)


class GeneratedSchema(Schema):
    """How many sessions are new."""

    made = fields.Whole(0, 100_000, required=True)


class Counted:
    """A session as its house sees it now."""

    def __init__(self, ctx: Context, session: clinics.ClinicSession) -> None:
        self.session, self.acts = session, clinics.acts(ctx, session)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


@api.get("/rosters")
@lists(PageQuery)
@gives(page_of(RosterSchema))
def rosters(ctx: Context, *, wanted: Wanted) -> Page[clinics.Roster]:
    """每周门诊 · Of the own house, by weekday."""
    return clinics.rosters(ctx, wanted)


@api.post("/rosters")
@takes(PlanSchema)
@creates(RosterSchema)
def arrange(ctx: Context, **plan: Any) -> clinics.Roster:
    """新增每周门诊 · In the own house; its sessions appear for the booking horizon."""
    return clinics.arrange(ctx, clinics.Plan(**plan))


@api.post("/rosters/<uuid:roster_id>/end")
@takes(EndSchema)
@gives(RosterSchema)
def end(ctx: Context, roster_id: UUID, *, ends_on: date) -> clinics.Roster:
    """结束每周门诊 · Sessions after that day are cancelled, and everybody booked is told."""
    clinics.end_roster(ctx, clinics.hold_roster(ctx, roster_id), ends_on)
    return clinics.roster(ctx, roster_id)


@api.get("/sessions")
@lists(DaysQuery)
@gives(page_of(CountedSessionSchema))
def sessions(
    ctx: Context, *, wanted: Wanted, first: date | None = None, last: date | None = None
) -> Page[Counted]:
    """门诊场次 · Of the own house, by time, with counts."""
    found = clinics.sessions_of_house(ctx, clinics.Span.of(ctx, first, last), wanted)
    return Page([Counted(ctx, session) for session in found.items], found.next)


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
