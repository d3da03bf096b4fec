"""Who may read the log, and who may open, review and judge an emergency access."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, or_, select

from backend import network, teams
from backend.auditing.models import Disclosure, EmergencyAccess
from backend.kernel.context import NOBODY, Context, Role
from backend.kernel.relations import Kind, Relation
from backend.kernel.ties import (
    NONE,
    Grant,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    by_itself,
    everything,
    in_house,
)

TREATING = frozenset({Role.DOCTOR, Role.SPECIALIST})


def _about_oneself(ctx: Context) -> ColumnElement[bool]:
    return Disclosure.resident_ids.contains([ctx.oneself])


def _of_own_houses(ctx: Context) -> ColumnElement[bool]:
    return EmergencyAccess.institution_id.in_(ctx.actor.houses)


def _own(ctx: Context) -> ColumnElement[bool]:
    return EmergencyAccess.staff_id == ctx.actor.id


def _houses(ctx: Context) -> Select[UUID]:
    return network.fellows(ctx.actor.institution or NOBODY)


def _of_consortium(ctx: Context) -> ColumnElement[bool]:
    """What was shown in its houses; what family saw of those its teams have, or had, in care."""
    teams_there = select(teams.Team.id).where(teams.Team.institution_id.in_(_houses(ctx)))
    in_care = select(Relation.id).where(
        Relation.resident_id == any_(Disclosure.resident_ids),
        Relation.kind == Kind.SIGNED,
        Relation.party_id.in_(teams_there),
    )
    of_family = Disclosure.institution_id.is_(None) & in_care.exists()
    return or_(Disclosure.institution_id.in_(_houses(ctx)), of_family)


def _begun_in_consortium(ctx: Context) -> ColumnElement[bool]:
    return EmergencyAccess.institution_id.in_(_houses(ctx))


def ties(ctx: Context, access: EmergencyAccess) -> Ties:
    """The managers of the house where it happened, the clock."""
    return in_house(ctx, access.institution_id) | by_itself(ctx)


def ties_of_another(ctx: Context, access: EmergencyAccess) -> Ties:
    """As `ties`; nobody judges their own."""
    return NONE if access.staff_id == ctx.actor.id else ties(ctx, access)


# The log is the person's own and the auditors' of the consortium; family is never shown it.
visible_to = Sight(rows={Tie.SELF: _about_oneself, Tie.AUDITOR: _of_consortium})
accesses_visible_to = Sight(
    rows={
        Tie.STAFF: _own,
        Tie.INSTITUTION: _of_own_houses,
        Tie.CONSORTIUM: _of_own_houses,
        Tie.AUDITOR: _begun_in_consortium,
        Tie.CLOCK: everything,
    }
)
# What leaves the product needs more than sight: see `require_step_up` in the act.
gathers_evidence = admits(Tie.STAFF, only={Tie.STAFF: frozenset({Role.AUDITOR})})
in_an_emergency = admits(Tie.STAFF, only={Tie.STAFF: TREATING})
another: Grant[EmergencyAccess] = allows(ties_of_another, Tie.INSTITUTION, Tie.CONSORTIUM)
the_house: Grant[EmergencyAccess] = allows(ties, Tie.INSTITUTION, Tie.CONSORTIUM)
the_clock: Grant[EmergencyAccess] = allows(ties, Tie.CLOCK)
