"""Who may see follow-ups, and who may act on them."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from backend import identity, teams
from backend.followups.models import Enrolment, FollowUp, Measurement
from backend.kernel.context import CLINICAL, Context, Role
from backend.kernel.policy import by_clock
from backend.kernel.relations import Kind, is_related, related

WHO_VISITS = frozenset({Role.DOCTOR, Role.NURSE})


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """One's own follow-ups; staff, those of the residents signed with their team."""
    return _of_those_seen(ctx, FollowUp.resident_id)


def enrolments_visible_to(ctx: Context) -> ColumnElement[bool]:
    """As for follow-ups."""
    return _of_those_seen(ctx, Enrolment.resident_id)


def readings_visible_to(ctx: Context) -> ColumnElement[bool]:
    """As for follow-ups."""
    return _of_those_seen(ctx, Measurement.resident_id)


def _of_those_seen(ctx: Context, resident: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    if ctx.actor.role is Role.RESIDENT:
        return resident == ctx.person
    if ctx.actor.role in CLINICAL:
        return resident.in_(related(ctx, Kind.SIGNED))
    return true() if ctx.actor.role is Role.CLOCK else false()


def own(ctx: Context, visit: FollowUp) -> bool:
    """The resident whose record it is."""
    return ctx.actor.role is Role.RESIDENT and visit.resident_id == ctx.person


def team(ctx: Context, visit: FollowUp) -> bool:
    """A doctor or nurse of the team the resident is signed with now."""
    return ctx.actor.role in WHO_VISITS and is_related(ctx, visit.resident_id, Kind.SIGNED)


def team_or_lead(ctx: Context, visit: FollowUp) -> bool:
    """As `team`, or whoever leads that team, whatever their profession."""
    return team(ctx, visit) or (
        is_related(ctx, visit.resident_id, Kind.SIGNED)
        and teams.lead_of(ctx, visit.team_id) == ctx.actor.id
    )


def signed_doctor(ctx: Context, resident: identity.Resident) -> bool:
    """A doctor of the team the resident is signed with now."""
    return ctx.actor.role is Role.DOCTOR and is_related(ctx, resident.id, Kind.SIGNED)


def by_itself(ctx: Context, _visit: FollowUp) -> bool:
    """Only the clock."""
    return by_clock(ctx)
