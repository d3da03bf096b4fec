"""Who may see a contract, and who may act on it."""

from sqlalchemy import ColumnElement, false, true

from backend.contracting.models import Contract
from backend.kernel.context import CLINICAL, Context, Role


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """One's own; a team's staff, the team's; a manager, the institution's."""
    if ctx.actor.role is Role.RESIDENT:
        return Contract.resident_id == ctx.person
    if ctx.actor.role in CLINICAL:
        return Contract.team_id.in_(ctx.actor.parties)
    if ctx.actor.role is Role.MANAGER:
        return Contract.institution_id == ctx.actor.institution
    return true() if ctx.actor.role is Role.CLOCK else false()


def own(ctx: Context, contract: Contract) -> bool:
    """The resident whose contract it is."""
    return ctx.actor.role is Role.RESIDENT and contract.resident_id == ctx.person


def team_doctor(ctx: Context, contract: Contract) -> bool:
    """A doctor of the team; its nurses see it and cannot bind the team (FD-4)."""
    return ctx.actor.role is Role.DOCTOR and contract.team_id in ctx.actor.parties
