"""排班: drafted, looked at, published, changed and ended; single days of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, validate, validates_schema

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, takes
from miniapp_api.manager.clinics import Counted, CountedSessionSchema
from miniapp_api.roster_schemas import (
    PlanSchema,
    PostingSchema,
    RosterPageSchema,
    RosterSchema,
    clock_time,
)

api = Api("rosters", Audience.MANAGER, "/clinics/rosters")
MOST = 500


class RostersQuery(PageQuery):
    """Which of them."""

    state = fields.choice(clinics.RosterState)
    batch_id = fields.UUID()


class EndSchema(StrictSchema):
    """The last day."""

    ends_on = fields.Date(required=True)


class DraftsSchema(StrictSchema):
    """Some drafts, or all of one act (a file, a posting)."""

    roster_ids = fields.List(fields.UUID(), validate=validate.Length(1, MOST))
    batch_id = fields.UUID()

    @validates_schema
    def _one_of_them(self, data: Mapping[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("请填写 roster_ids 或 batch_id 其中一项", "roster_ids")


class FindingSchema(Schema):
    """What there is to know before publishing; a hard one forbids it."""

    roster_id = fields.UUID(required=True)
    trouble = fields.choice(clinics.Trouble, required=True)
    is_hard = fields.Boolean(required=True)
    pointer = fields.Text(required=True)
    detail = fields.Text(required=True)
    first_on = fields.Date(required=True)
    days = fields.Whole(0, 1000, required=True)
    other_id = fields.UUID(required=True, allow_none=True)
    session_id = fields.UUID(required=True, allow_none=True)
    booked = fields.Whole(0, 1000, required=True, allow_none=True)


class FindingsSchema(Schema):
    """All of it, the hard ones first, and whether it can be published."""

    can_be_published = fields.Boolean(required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class PublishedSchema(Schema):
    """What people can count on now; `left` are sessions with people that stay as they were."""

    rosters = fields.List(fields.Nested(RosterSchema), required=True)
    left = fields.List(fields.Nested(CountedSessionSchema), required=True)


class PostedSchema(Schema):
    """The drafts of one act."""

    batch_id = fields.UUID(required=True)
    rosters = fields.List(fields.Nested(RosterSchema), required=True)


class OtherwiseSchema(StrictSchema):
    """How one day differs; what is not given is as the roster says."""

    day = fields.Date(required=True)
    is_held = fields.Boolean(required=True)
    reason = fields.Text(100, required=True)
    begins = clock_time(load_default=None, allow_none=True)
    ends = clock_time(load_default=None, allow_none=True)
    room = fields.Text(50, load_default=None, allow_none=True)
    expert_id = fields.UUID(load_default=None, allow_none=True)


class ExceptionSchema(Schema):
    """One day that is not as the rule says."""

    id = fields.UUID(required=True)
    day = fields.Date(required=True)
    is_held = fields.Boolean(required=True)
    reason = fields.Text(required=True)
    begins = clock_time(required=True, allow_none=True)
    ends = clock_time(required=True, allow_none=True)
    room = fields.Text(required=True, allow_none=True)
    expert_id = fields.UUID(required=True, allow_none=True)


class ExceptedSchema(Schema):
    """The day as it is now; `left` is its session where people have seats in it."""

    exception = fields.Nested(ExceptionSchema, required=True, allow_none=True)
    left = fields.List(fields.Nested(CountedSessionSchema), required=True)


@dataclass(frozen=True, slots=True)
class Posted:
    """The drafts of one act."""

    rosters: Sequence[clinics.Roster]

    @property
    def batch_id(self) -> UUID | None:
        """What they hang on."""
        return self.rosters[0].batch_id


@api.get("")
@lists(RostersQuery)
@gives(RosterPageSchema)
def rosters(ctx: Context, *, wanted: Wanted, **which: Any) -> Page[clinics.Roster]:
    """排班 · Of the own houses, by weekday; drafts among them."""
    return clinics.rosters(ctx, wanted, **which)


@api.post("")
@takes(PlanSchema)
@creates(RosterSchema)
def arrange(ctx: Context, **plan: Any) -> clinics.Roster:
    """新增排班草稿 · People see nothing of it until it is published."""
    return clinics.arrange(ctx, plan_of(plan))


@api.get("/<uuid:roster_id>")
@gives(RosterSchema)
def roster(ctx: Context, roster_id: UUID) -> clinics.Roster:
    """一个排班."""
    return clinics.roster(ctx, roster_id)


@api.post("/<uuid:roster_id>/revision")
@takes(PlanSchema)
@creates(RosterSchema)
def revise(ctx: Context, roster_id: UUID, **plan: Any) -> clinics.Roster:
    """修改排班（草稿） · Takes the place of what is published when it is published itself."""
    return clinics.revise(ctx, clinics.roster(ctx, roster_id), plan_of(plan))


@api.delete("/<uuid:roster_id>")
@gives(None, 204)
def discard(ctx: Context, roster_id: UUID) -> None:
    """丢弃草稿 · What is published is ended, not discarded."""
    clinics.discard(ctx, clinics.hold_roster(ctx, roster_id))


@api.post("/postings")
@takes(PostingSchema)
@creates(PostedSchema)
def post(ctx: Context, *, title: str, shifts: Sequence[Any], **whole: Any) -> Posted:
    """新增驻点（草稿） · An expert stays for weeks: several parts of the week in one act."""
    return Posted(clinics.post(ctx, [plan_of(whole | shift) for shift in shifts], title))


@api.post("/conflicts")
@takes(DraftsSchema)
@gives(FindingsSchema)
def conflicts(ctx: Context, **which: Any) -> dict[str, Any]:
    """发布前检查 · Who is elsewhere, rooms taken, ways too long, days closed, people booked."""
    found = clinics.conflicts(ctx, _ids(ctx, **which))
    return {"findings": found, "can_be_published": not any(each.is_hard for each in found)}


@api.post("/publication")
@takes(DraftsSchema)
@gives(PublishedSchema)
def publish(ctx: Context, **which: Any) -> dict[str, Any]:
    """发布排班 · All of them or none; sessions nobody has a seat in follow a change."""
    done = clinics.publish(ctx, _ids(ctx, **which))
    return {"rosters": done.rosters, "left": _counted(ctx, done.left)}


@api.post("/<uuid:roster_id>/end")
@takes(EndSchema)
@gives(RosterSchema)
def end(ctx: Context, roster_id: UUID, *, ends_on: date) -> clinics.Roster:
    """结束排班 · Sessions after that day are cancelled, and everybody booked is told."""
    clinics.end_roster(ctx, clinics.hold_roster(ctx, roster_id), ends_on)
    return clinics.roster(ctx, roster_id)


@api.get("/<uuid:roster_id>/exceptions")
@gives(ExceptionSchema(many=True))
def exceptions(ctx: Context, roster_id: UUID) -> Sequence[clinics.RosterException]:
    """例外日期 · By day."""
    return clinics.exceptions(ctx, clinics.roster(ctx, roster_id))


@api.post("/<uuid:roster_id>/exceptions")
@takes(OtherwiseSchema)
@gives(ExceptedSchema)
def except_day(ctx: Context, roster_id: UUID, **told: Any) -> dict[str, Any]:
    """登记例外 · Not held, held otherwise, or beside the rule; said again it is replaced."""
    held = clinics.hold_roster(ctx, roster_id)
    done = clinics.except_day(ctx, held, clinics.Otherwise(**told))
    return {"exception": done.exception, "left": _counted(ctx, done.left)}


@api.delete("/<uuid:roster_id>/exceptions/<uuid:exception_id>")
@gives(ExceptedSchema)
def forget_exception(ctx: Context, roster_id: UUID, exception_id: UUID) -> dict[str, Any]:
    """取消例外 · The day is as the rule says again."""
    held = clinics.hold_roster(ctx, roster_id)
    left = clinics.forget_exception(ctx, held, exception_id)
    return {"exception": None, "left": _counted(ctx, left)}


def plan_of(told: Mapping[str, Any]) -> clinics.Plan:
    """What a manager would like, as the feature knows it."""
    return clinics.Plan(**{**told, "crew": tuple(told.get("crew", ()))})


def _ids(
    ctx: Context, roster_ids: Sequence[UUID] = (), batch_id: UUID | None = None
) -> Sequence[UUID]:
    return roster_ids if batch_id is None else clinics.drafts_of_batch(ctx, batch_id)


def _counted(ctx: Context, sessions: Sequence[clinics.ClinicSession]) -> list[Counted]:
    return [Counted(ctx, clinics.session_of_house(ctx, session.id)) for session in sessions]
