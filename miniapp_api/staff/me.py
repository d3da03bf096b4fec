"""我的工作账号: who I am here, where I belong, when I am away."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from backend import staffing, teams
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.absences import AbsenceSchema, LeaveSchema
from miniapp_api.access import Audience
from miniapp_api.contract import Api, creates, gives, takes
from miniapp_api.staff_schemas import MembershipSchema, StaffSchema

api = Api("me", Audience.STAFF, "/me")


class OwnPostSchema(StaffSchema):
    """Beside who one is: where one belonged, belongs and will belong."""

    memberships = fields.List(fields.Nested(MembershipSchema), required=True)


@api.get("")
@gives(OwnPostSchema)
def me(ctx: Context) -> Mapping[str, Any]:
    """我的岗位 · Role, house, teams."""
    own = staffing.member(ctx, ctx.actor.id)
    facts = {name: getattr(own, name) for name in StaffSchema._declared_fields}
    return facts | {"memberships": staffing.memberships(ctx, own.id)}


@api.get("/absences")
@gives(AbsenceSchema(many=True))
def absences(ctx: Context) -> Sequence[teams.Absence]:
    """我的请假 · The latest first."""
    return teams.absences(ctx, ctx.actor.id)


@api.post("/absences")
@takes(LeaveSchema)
@creates(AbsenceSchema)
def be_absent(ctx: Context, *, deputy_id: UUID, first_on: date, last_on: date) -> teams.Absence:
    """登记请假 · The deputy belongs to my teams in these days, and gets my tasks."""
    own = staffing.member(ctx, ctx.actor.id)
    return teams.be_absent(ctx, own, deputy_id, first_on, last_on)


@api.post("/absences/<uuid:absence_id>/end")
@gives(AbsenceSchema)
def end_absence(ctx: Context, absence_id: UUID) -> teams.Absence:
    """结束请假 · Back early, or not gone at all."""
    return teams.end_absence(ctx, teams.absence(ctx, absence_id, ctx.actor.id))
