"""Who calls: whoever serves at the house that answers for the person."""

from sqlalchemy import ColumnElement, false

from backend.kernel.context import Context, Role
from backend.kernel.ties import NONE, Sight, Tie, Ties, admits, allows, possible
from backend.messaging.call_models import CallItem

DESK = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR, Role.MANAGER})


def ties(ctx: Context, item: CallItem) -> Ties:
    """Staff of the house."""
    is_here = item.institution_id == ctx.actor.institution
    return possible(ctx) & {Tie.STAFF} if is_here else NONE


def _of_house(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in DESK:
        return false()
    return CallItem.institution_id == ctx.actor.institution


visible_to = Sight(rows={Tie.STAFF: _of_house})
at_desk = admits(Tie.STAFF, only={Tie.STAFF: DESK})
who_calls = allows(ties, Tie.STAFF, only={Tie.STAFF: DESK})
