"""Who may ask for what about whom, and who answers."""

from typing import Any

from sqlalchemy import ColumnElement, false, select

from backend import contracting, identity, teams
from backend.kernel.context import Context, Role
from backend.kernel.relations import Kind
from backend.kernel.retention import Category
from backend.kernel.ties import (
    NONE,
    Grant,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    as_owner,
    bound,
    in_house,
    possible,
)
from backend.privacy.models import Correction, DataExport, DeathReport, DeathSource

LOG = frozenset({Category.DISCLOSURE, Category.EMERGENCY_ACCESS})  # never a family member's
KNOWS_OF_DEATH = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH})


def ties(ctx: Context, row: Any) -> Ties:
    """Whose wish it is."""
    return as_owner(ctx, row.resident_id)


def desk_ties(ctx: Context, correction: Correction) -> Ties:
    """Whoever works in the house that was asked."""
    here = correction.institution_id == ctx.actor.institution
    return possible(ctx) & {Tie.STAFF} if here else NONE


def team_ties(ctx: Context, resident: identity.Resident) -> Ties:
    """The team that the person is signed with."""
    return bound(ctx, resident.id, {Tie.SAME_TEAM: frozenset({Kind.SIGNED})})


def copy_ties(ctx: Context, copy: DataExport) -> Ties:
    """Whose record it copies; of a guardian, the one who asked for it."""
    if ctx.proxy is not None and not (copy.is_for_guardian and copy.account_id == ctx.actor.id):
        return NONE
    return ties(ctx, copy)


def own_copies(ctx: Context) -> ColumnElement[bool]:
    """The same thought as SQL; raises `NotForProxies`."""
    theirs = DataExport.resident_id == ctx.oneself_or_ward
    if ctx.proxy is None:
        return theirs
    return theirs & DataExport.is_for_guardian & (DataExport.account_id == ctx.actor.id)


def report_ties(ctx: Context, report: DeathReport) -> Ties:
    """Whoever manages the house of the contract of the person reported on."""
    return in_house(ctx, report.institution_id) if report.institution_id else NONE


def second_ties(ctx: Context, report: DeathReport) -> Ties:
    """As `report_ties`; whoever works there, but of what a follow-up told the team's lead alone."""
    managing = report_ties(ctx, report)
    if report.institution_id != ctx.actor.institution:
        return managing
    if report.source is DeathSource.STAFF:
        return managing | possible(ctx) & {Tie.STAFF}
    contract = contracting.active(ctx, report.resident_id)
    leads = contract is not None and teams.lead_of(ctx, contract.team_id) == ctx.actor.id
    return managing | (possible(ctx) & {Tie.TEAM_LEAD} if leads else NONE)


def _asked_here(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in identity.DESK:
        return false()
    person = identity.Resident
    is_open = person.died_on.is_(None) & person.restricted_at.is_(None)
    served = select(person.id).where(person.id == Correction.resident_id, is_open).exists()
    return (Correction.institution_id == ctx.actor.institution) & served


def _reported_here(ctx: Context) -> ColumnElement[bool]:
    return DeathReport.institution_id.in_(ctx.actor.houses)


def _to_confirm_here(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in identity.DESK:
        return false()
    return DeathReport.institution_id == ctx.actor.institution


of_house = Sight(rows={Tie.STAFF: _asked_here})
reports_of_house = Sight(rows={Tie.INSTITUTION: _reported_here, Tie.CONSORTIUM: _reported_here})
waiting_in_house = Sight(
    rows={
        Tie.STAFF: _to_confirm_here,
        Tie.INSTITUTION: _reported_here,
        Tie.CONSORTIUM: _reported_here,
    }
)
# The person, or a guardian for the child (PIPL 31); never another family member.
oneself = admits(Tie.SELF, Tie.GUARDIAN, without_consent=True)
own: Grant[Any] = allows(ties, Tie.SELF, Tie.GUARDIAN)
own_copy = allows(copy_ties, Tie.SELF, Tie.GUARDIAN)
account_or_ward = admits(
    Tie.ACCOUNT, Tie.SELF, Tie.GUARDIAN, only={Tie.ACCOUNT: frozenset({Role.RESIDENT})}
)
house = allows(desk_ties, Tie.STAFF, only={Tie.STAFF: identity.DESK})
signed_staff = allows(team_ties, Tie.SAME_TEAM, only={Tie.SAME_TEAM: KNOWS_OF_DEATH})
manager_of_house = allows(report_ties, Tie.INSTITUTION, Tie.CONSORTIUM)
second_hand = allows(
    second_ties,
    Tie.STAFF,
    Tie.TEAM_LEAD,
    Tie.INSTITUTION,
    Tie.CONSORTIUM,
    only={Tie.STAFF: identity.DESK},
)
