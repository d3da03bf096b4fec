"""Who may read the log, and who may open, review and judge an emergency access."""

from sqlalchemy import ColumnElement

from backend.auditing.models import Disclosure, EmergencyAccess
from backend.kernel.context import Context, Role
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


def ties(ctx: Context, access: EmergencyAccess) -> Ties:
    """The managers of the house where it happened, the clock."""
    return in_house(ctx, access.institution_id) | by_itself(ctx)


def ties_of_another(ctx: Context, access: EmergencyAccess) -> Ties:
    """As `ties`; nobody judges their own."""
    return NONE if access.staff_id == ctx.actor.id else ties(ctx, access)


# The log is the person's own and the auditors'; a family member is never shown it.
visible_to = Sight(rows={Tie.SELF: _about_oneself, Tie.AUDITOR: everything})
accesses_visible_to = Sight(
    rows={
        Tie.STAFF: _own,
        Tie.INSTITUTION: _of_own_houses,
        Tie.CONSORTIUM: _of_own_houses,
        Tie.AUDITOR: everything,
        Tie.CLOCK: everything,
    }
)
# What leaves the product needs more than sight: see `require_step_up` in the act.
gathers_evidence = admits(Tie.STAFF, only={Tie.STAFF: frozenset({Role.AUDITOR})})
in_an_emergency = admits(Tie.STAFF, only={Tie.STAFF: TREATING})
another: Grant[EmergencyAccess] = allows(ties_of_another, Tie.INSTITUTION, Tie.CONSORTIUM)
the_house: Grant[EmergencyAccess] = allows(ties, Tie.INSTITUTION, Tie.CONSORTIUM)
the_clock: Grant[EmergencyAccess] = allows(ties, Tie.CLOCK)
