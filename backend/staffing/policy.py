"""Who may see posts and invitations, and who may decide about them."""

from sqlalchemy import ColumnElement, or_, select

from backend import identity, teams
from backend.kernel.context import Context
from backend.kernel.relations import Membership
from backend.kernel.ties import (
    NONE,
    Sight,
    Tie,
    Ties,
    allows,
    by_itself,
    everything,
    in_house,
)
from backend.staffing.models import Invitation
from backend.staffing.rules import may_appoint


def ties(ctx: Context, person: identity.Staff) -> Ties:
    """Whoever manages the house that employs the person, or operates the system, and may give
    the person's role.

    Nobody decides about oneself.
    """
    if person.id == ctx.actor.id or not may_appoint(ctx.actor.role, person.role):
        return NONE
    return in_house(ctx, person.institution_id) | by_itself(ctx)


def invitation_ties(ctx: Context, invitation: Invitation) -> Ties:
    """Whoever manages the house, and may give that role."""
    may = may_appoint(ctx.actor.role, invitation.role)
    return in_house(ctx, invitation.institution_id) if may else NONE


def membership_ties(ctx: Context, membership: Membership) -> Ties:
    """Whoever manages the house or the team's house, whatever the belonging comes from."""
    house = teams.house_of(ctx, membership.party_id) or membership.party_id
    return in_house(ctx, house)


def _own(ctx: Context) -> ColumnElement[bool]:
    return identity.Staff.id == ctx.actor.id


def _of_own_houses(ctx: Context) -> ColumnElement[bool]:
    here = identity.Staff.institution_id.in_(ctx.actor.houses)
    taken_in = select(Membership.staff_id).where(_in_own_parties(ctx))
    return or_(here, identity.Staff.id.in_(taken_in))


def _in_own_parties(ctx: Context) -> ColumnElement[bool]:
    houses = ctx.actor.houses
    return or_(Membership.party_id.in_(houses), Membership.party_id.in_(teams.of_houses(houses)))


def _own_memberships(ctx: Context) -> ColumnElement[bool]:
    return Membership.staff_id == ctx.actor.id


def _invited_to_own_houses(ctx: Context) -> ColumnElement[bool]:
    return Invitation.institution_id.in_(ctx.actor.houses)


visible_to = Sight(
    rows={
        Tie.STAFF: _own,
        Tie.INSTITUTION: _of_own_houses,
        Tie.CONSORTIUM: _of_own_houses,
        Tie.CLOCK: everything,
    }
)
invitations_visible_to = Sight(
    rows={Tie.INSTITUTION: _invited_to_own_houses, Tie.CONSORTIUM: _invited_to_own_houses}
)
memberships_visible_to = Sight(
    rows={
        Tie.STAFF: _own_memberships,
        Tie.INSTITUTION: _in_own_parties,
        Tie.CONSORTIUM: _in_own_parties,
    }
)
decides_about = allows(ties, Tie.INSTITUTION, Tie.CONSORTIUM, Tie.CLOCK)
appoints_by_invitation = allows(invitation_ties, Tie.INSTITUTION, Tie.CONSORTIUM)
ends_membership = allows(membership_ties, Tie.INSTITUTION, Tie.CONSORTIUM)
