"""Who may ask for what about whom, and who answers."""

from typing import Any

from sqlalchemy import ColumnElement, false

from backend import identity
from backend.kernel.context import MANAGING, Context, Role
from backend.kernel.relations import Kind, is_related
from backend.privacy.models import Correction, DeathReport

AT_DESK = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR, Role.MANAGER})
KNOWS_OF_DEATH = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH})


def oneself(ctx: Context) -> bool:
    """The person, or a guardian for the child; never another family member."""
    return ctx.actor.role is Role.RESIDENT and ctx.oneself_or_ward is not None


def own(ctx: Context, row: Any) -> bool:
    """The person whose wish it is, or a guardian for the child."""
    return oneself(ctx) and row.resident_id == ctx.resident


def house(ctx: Context, correction: Correction) -> bool:
    """Whoever serves people at the desk of the house that was asked."""
    return ctx.actor.role in AT_DESK and correction.institution_id == ctx.actor.institution


def of_house(ctx: Context) -> ColumnElement[bool]:
    """The same thought as SQL."""
    if ctx.actor.role not in AT_DESK:
        return false()
    return Correction.institution_id == ctx.actor.institution


def signed_staff(ctx: Context, resident: identity.Resident) -> bool:
    """A doctor or nurse of the team that the person is signed with."""
    return ctx.actor.role in KNOWS_OF_DEATH and is_related(ctx, resident.id, Kind.SIGNED)


def reports_of_house(ctx: Context) -> ColumnElement[bool]:
    """The reports that came from the houses that the actor manages."""
    if ctx.actor.role not in MANAGING:
        return false()
    return DeathReport.institution_id.in_(_houses(ctx))


def manager_of_house(ctx: Context, report: DeathReport) -> bool:
    """A manager of the house from which the report came."""
    return ctx.actor.role in MANAGING and report.institution_id in _houses(ctx)


def _houses(ctx: Context) -> list[object]:
    return [*ctx.actor.houses, ctx.actor.institution]


def account_or_ward(ctx: Context) -> bool:
    """Whoever is logged in as a resident, verified or not; a guardian for the child."""
    if ctx.proxy is not None:
        return oneself(ctx)
    return ctx.actor.role is Role.RESIDENT
