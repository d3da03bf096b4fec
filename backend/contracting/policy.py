"""Who may see a contract, and who may act on it."""

from sqlalchemy import ColumnElement

from backend.contracting.models import Contract
from backend.kernel.context import Context, Scope
from backend.kernel.policy import by_person
from backend.kernel.ties import (
    NONE,
    Sight,
    Tie,
    Ties,
    allows,
    as_person,
    by_itself,
    everything,
    in_house,
    of_person,
    possible,
)


def ties(ctx: Context, contract: Contract) -> Ties:
    """Whose contract it is, the team it is with, whoever manages the house, the clock."""
    of_team = possible(ctx) & {Tie.SIGNED_DOCTOR, Tie.SAME_TEAM}
    if contract.team_id not in ctx.actor.parties:
        of_team = NONE
    ours = as_person(ctx, contract.resident_id) | of_team
    return ours | in_house(ctx, contract.institution_id) | by_itself(ctx)


def _of_own_teams(ctx: Context) -> ColumnElement[bool]:
    return Contract.team_id.in_(ctx.actor.parties)


def _of_own_houses(ctx: Context) -> ColumnElement[bool]:
    return Contract.institution_id.in_(ctx.actor.houses)


visible_to = Sight(
    scopes=(Scope.SIGN,),
    rows={
        **of_person(Contract.resident_id, Scope.SIGN),
        Tie.SAME_TEAM: _of_own_teams,
        Tie.INSTITUTION: _of_own_houses,
        Tie.CONSORTIUM: _of_own_houses,
        Tie.CLOCK: everything,
    },
)
to_apply = by_person(Scope.SIGN)
own = allows(ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.SIGN)
oneself = allows(ties, Tie.SELF)
# The team's nurses see it and cannot bind the team (FD-4).
team_doctor = allows(ties, Tie.SIGNED_DOCTOR)
