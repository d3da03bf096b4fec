"""Who works in the houses one manages: posts, memberships, absences, leaving."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import staffing, teams
from backend.kernel.context import Context, Role
from backend.kernel.paging import Page, Wanted
from backend.kernel.relations import Belonging
from miniapp_api import fields
from miniapp_api.absences import AbsenceSchema, LeaveSchema
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes
from miniapp_api.manager.staff_invitations import OfferSchema, offered
from miniapp_api.staff_schemas import MembershipSchema, StaffSchema

api = Api("staff", Audience.MANAGER, "/staff")


class StaffQuery(PageQuery):
    """Those who work here, or those who have left."""

    left = fields.Boolean(load_default=False)


class RoleSchema(StrictSchema):
    """Another role, with its title."""

    role = fields.choice(Role, required=True)
    title = fields.Text(50, required=True)
    specialty = fields.Text(50)


class BelongingSchema(StrictSchema):
    """To which team or house, as what, from when and until when; now and open without them."""

    party_id = fields.UUID(required=True)
    belonging = fields.choice(Belonging, required=True)
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()


class WhenSchema(StrictSchema):
    """From when on; `null` is now."""

    at = fields.AwareDateTime(required=True, allow_none=True)


class OpenWorkSchema(Schema):
    """Something in somebody's hands: what kind, which, by which day, whether it can be moved."""

    kind = fields.Text(40, required=True)
    subject_id = fields.UUID(required=True, attribute="work.subject_id")
    resident_id = fields.UUID(required=True, allow_none=True, attribute="work.resident_id")
    on = fields.Date(required=True, allow_none=True, attribute="work.on")
    moves = fields.Boolean(required=True, attribute="work.moves")


class SuccessorSchema(StrictSchema):
    """Who takes it over."""

    to = fields.UUID(required=True)


class MovedSchema(Schema):
    """How much was moved."""

    moved = fields.Whole(0, 1_000_000, required=True)


@api.get("")
@lists(StaffQuery)
@gives(page_of(StaffSchema))
def staff(ctx: Context, *, wanted: Wanted, left: bool) -> Page[Any]:
    """人员名单 · Of the own houses and their teams, by name."""
    return staffing.staff(ctx, wanted, left=left)


@api.get("/<uuid:staff_id>")
@gives(StaffSchema)
def member(ctx: Context, staff_id: UUID) -> Any:
    """一名人员 · Role, title, house."""
    return staffing.member(ctx, staff_id)


@api.post("/<uuid:staff_id>/role")
@takes(RoleSchema)
@gives(StaffSchema)
def give_role(
    ctx: Context, staff_id: UUID, *, role: Role, title: str, specialty: str | None = None
) -> Any:
    """变更角色 · Needs a step-up; the person logs in anew."""
    return staffing.give_role(ctx, staffing.hold_member(ctx, staff_id), role, title, specialty)


@api.get("/<uuid:staff_id>/memberships")
@gives(MembershipSchema(many=True))
def memberships(ctx: Context, staff_id: UUID) -> Sequence[Any]:
    """任职经历 · In the own houses and their teams, with what has ended."""
    return staffing.memberships(ctx, staffing.member(ctx, staff_id).id)


@api.post("/<uuid:staff_id>/memberships")
@takes(BelongingSchema)
@creates(MembershipSchema)
def begin_membership(
    ctx: Context,
    staff_id: UUID,
    *,
    party_id: UUID,
    belonging: Belonging,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """安排任职 · Anybody who works in the region may be taken into an own team or house."""
    person = staffing.hold_colleague(ctx, staff_id)
    return staffing.begin_membership(ctx, person, party_id, belonging, since=since, until=until)


@api.post("/<uuid:staff_id>/memberships/<uuid:membership_id>/end")
@takes(WhenSchema)
@gives(MembershipSchema)
def end_membership(
    ctx: Context, staff_id: UUID, membership_id: UUID, *, at: datetime | None
) -> Any:
    """结束任职 · Now or by a date; history is kept."""
    held = staffing.hold_membership(ctx, staff_id, membership_id)
    return staffing.end_membership(ctx, held, at)


@api.get("/<uuid:staff_id>/absences")
@gives(AbsenceSchema(many=True))
def absences(ctx: Context, staff_id: UUID) -> Sequence[teams.Absence]:
    """请假记录 · The latest first."""
    return teams.absences(ctx, staffing.member(ctx, staff_id).id)


@api.post("/<uuid:staff_id>/absences")
@takes(LeaveSchema)
@creates(AbsenceSchema)
def be_absent(
    ctx: Context, staff_id: UUID, *, deputy_id: UUID, first_on: date, last_on: date
) -> teams.Absence:
    """登记请假 · With a deputy of the same kind of post, who gets the tasks meanwhile."""
    person = staffing.member(ctx, staff_id)
    return teams.be_absent(ctx, person, deputy_id, first_on, last_on)


@api.post("/<uuid:staff_id>/absences/<uuid:absence_id>/end")
@gives(AbsenceSchema)
def end_absence(ctx: Context, staff_id: UUID, absence_id: UUID) -> teams.Absence:
    """结束请假 · Back early, or not gone at all."""
    return teams.end_absence(ctx, teams.absence(ctx, absence_id, staff_id))


@api.post("/<uuid:staff_id>/reinvitation")
@creates(OfferSchema)
def invite_again(ctx: Context, staff_id: UUID) -> Mapping[str, Any]:
    """换绑微信 · For a lost phone; the old account ends when the new one is bound."""
    return offered(staffing.invite_again(ctx, staffing.member(ctx, staff_id)))


@api.post("/<uuid:staff_id>/credential-reset")
@gives(None, 204)
def reset_credential(ctx: Context, staff_id: UUID) -> None:
    """重置密码和动态口令 · Every session ends; both are set anew in the mini-program."""
    staffing.reset_credential(ctx, staffing.hold_member(ctx, staff_id))


@api.post("/<uuid:staff_id>/departure")
@takes(WhenSchema)
@gives(OpenWorkSchema(many=True))
def depart(ctx: Context, staff_id: UUID, *, at: datetime | None) -> Sequence[staffing.Task]:
    """办理离职 · Access ends at that instant; answers what is open to be handed over."""
    return staffing.depart(ctx, staffing.hold_member(ctx, staff_id), at)


@api.get("/<uuid:staff_id>/open-work")
@gives(OpenWorkSchema(many=True))
def open_work(ctx: Context, staff_id: UUID) -> Sequence[staffing.Task]:
    """待交接工作 · Contracts, follow-ups, prescriptions, clinic sessions."""
    return staffing.open_work(ctx, staffing.member(ctx, staff_id))


@api.post("/<uuid:staff_id>/handover")
@takes(SuccessorSchema)
@gives(MovedSchema)
def hand_over(ctx: Context, staff_id: UUID, *, to: UUID) -> Mapping[str, int]:
    """工作交接 · To a colleague of the same teams; residents are told, and may leave."""
    return {"moved": staffing.hand_over(ctx, staffing.member(ctx, staff_id), to)}
