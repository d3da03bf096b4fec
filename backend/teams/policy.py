"""Who may see and arrange that somebody is away, and hand out a team's code; teams are public."""

from sqlalchemy import ColumnElement, or_, select

from backend import identity
from backend.kernel.context import STAFF, Context, Role
from backend.kernel.ties import NONE, Sight, Tie, Ties, allows, everything, in_house, possible
from backend.teams.models import Absence, Team


def ties(ctx: Context, person: identity.Staff) -> Ties:
    """Oneself, as a member of staff; whoever manages the house that employs the person."""
    own = possible(ctx) & {Tie.STAFF} if person.id == ctx.actor.id else NONE
    return own | in_house(ctx, person.institution_id)


def absence_ties(ctx: Context, absence: Absence) -> Ties:
    """As of the person who is away."""
    return ties(ctx, identity.staff(ctx, [absence.staff_id])[absence.staff_id])


def team_ties(ctx: Context, team: Team) -> Ties:
    """A member today, whoever stands in included; whoever manages the team's house."""
    own = possible(ctx) & {Tie.SAME_TEAM} if team.id in ctx.actor.parties else NONE
    return own | in_house(ctx, team.institution_id)


def _own(ctx: Context) -> ColumnElement[bool]:
    return or_(Absence.staff_id == ctx.actor.id, Absence.deputy_id == ctx.actor.id)


def _of_own_houses(ctx: Context) -> ColumnElement[bool]:
    here = select(identity.Staff.id).where(identity.Staff.institution_id.in_(ctx.actor.houses))
    return Absence.staff_id.in_(here)


absences_visible_to = Sight(
    rows={
        Tie.STAFF: _own,
        Tie.INSTITUTION: _of_own_houses,
        Tie.CONSORTIUM: _of_own_houses,
        Tie.CLOCK: everything,
    }
)
# Auditors read logs and nothing else: nobody stands in for them, and they for nobody.
_NO_AUDITOR = {Tie.STAFF: STAFF - {Role.AUDITOR}}
to_be_away = allows(ties, Tie.STAFF, Tie.INSTITUTION, Tie.CONSORTIUM, only=_NO_AUDITOR)
to_come_back = allows(absence_ties, Tie.STAFF, Tie.INSTITUTION, Tie.CONSORTIUM, only=_NO_AUDITOR)
to_hand_out_codes = allows(team_ties, Tie.SAME_TEAM, Tie.INSTITUTION, Tie.CONSORTIUM)
