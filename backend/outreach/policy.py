"""Who sees lists and decides them; who says that no more is wanted."""

from sqlalchemy import ColumnElement

from backend.kernel.context import Context, Scope
from backend.kernel.policy import by_person
from backend.kernel.ties import (
    NONE,
    Grant,
    Sight,
    Tie,
    Ties,
    allows,
    by_itself,
    everything,
    of_person,
    possible,
)
from backend.outreach.models import Proposal, Suggestion


def ties(ctx: Context, proposal: Proposal) -> Ties:
    """The team whose people are listed; the clock."""
    of_team = possible(ctx) & {Tie.SIGNED_DOCTOR, Tie.SAME_TEAM}
    return (of_team if proposal.team_id in ctx.actor.parties else NONE) | by_itself(ctx)


def _of_own_teams(ctx: Context) -> ColumnElement[bool]:
    return Proposal.team_id.in_(ctx.actor.parties)


lists_visible_to = Sight(rows={Tie.SAME_TEAM: _of_own_teams, Tie.CLOCK: everything})
own_visible_to = Sight(
    scopes=(Scope.REMINDERS,),
    rows={
        **of_person(Suggestion.resident_id, Scope.REMINDERS, subject=Suggestion.id),
        Tie.CLOCK: everything,
    },
)
# Only who answers for these people suggests something to them.
team_doctor: Grant[Proposal] = allows(ties, Tie.SIGNED_DOCTOR)
by_addressee = by_person(Scope.REMINDERS)
