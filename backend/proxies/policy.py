"""Who may see a mandate, and who may act on it."""

from sqlalchemy import ColumnElement, false, or_

from backend.kernel.context import Context, Role
from backend.kernel.ties import (
    NONE,
    PERSONAL,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    by_itself,
    everything,
    possible,
)
from backend.proxies.models import Mandate, State

AT_DESKS = frozenset({Role.DOCTOR, Role.NURSE, Role.MANAGER})
ONLY_THERE = {Tie.STAFF: AT_DESKS}


def ties(ctx: Context, mandate: Mandate) -> Ties:
    """Whom it is about; staff of the house where it was recorded; the clock.

    Unlike health data it needs no consent: who took that back can still end a mandate.
    """
    person = possible(ctx) & PERSONAL if mandate.principal_id == ctx.resident else NONE
    here = possible(ctx) & {Tie.STAFF} if mandate.institution_id == ctx.actor.institution else NONE
    return person | here | by_itself(ctx)


def _of_member(ctx: Context, mandate: Mandate) -> Ties:
    """The family member, as oneself."""
    return possible(ctx) & PERSONAL if mandate.proxy_id == ctx.resident else NONE


def _both_sides(ctx: Context) -> ColumnElement[bool]:
    """Either side for itself; nobody by what they were allowed: raises `NotForProxies`."""
    by_me = (Mandate.proxy_id == ctx.oneself) & Mandate.state.in_([State.ACTIVE, State.ENDED])
    return or_(Mandate.principal_id == ctx.oneself, by_me)


def _recorded_here(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in AT_DESKS:
        return false()
    return Mandate.institution_id == ctx.actor.institution


visible_to = Sight(
    rows={
        Tie.SELF: _both_sides,
        Tie.PROXY: _both_sides,
        Tie.GUARDIAN: _both_sides,
        Tie.STAFF: _recorded_here,
        Tie.CLOCK: everything,
    }
)
principal = allows(ties, Tie.SELF)
family_member = allows(_of_member, Tie.SELF)
at_desk = admits(Tie.STAFF, only=ONLY_THERE)
at_same_desk = allows(ties, Tie.STAFF, only=ONLY_THERE)
# Nobody passes on what they were allowed.
oneself = admits(Tie.SELF, without_consent=True)
