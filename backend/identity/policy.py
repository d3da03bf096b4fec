"""Who may see a resident's master data, and who may act on an account."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, true

from backend.identity.models import Resident
from backend.kernel.context import CLINICAL, Context, Role
from backend.kernel.relations import Kind, related


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Oneself; staff, the residents they stand in a relation to now."""
    if ctx.actor.role is Role.RESIDENT:
        return Resident.id == ctx.resident
    if ctx.actor.role in CLINICAL:
        return Resident.id.in_(related(ctx, *_kinds_for(ctx.actor.role)))
    return true() if ctx.actor.role is Role.CLOCK else false()


def _kinds_for(role: Role) -> list[Kind]:
    """A prescription is known to a whole institution, yet only pharmacists need the person."""
    return [kind for kind in Kind if kind is not Kind.PRESCRIBED or role is Role.PHARMACIST]


def logged_in(ctx: Context) -> bool:
    """Whoever has a session: a resident, or a member of staff."""
    return ctx.actor.session is not None


def own_account(ctx: Context) -> bool:
    """Whoever is logged in as a resident, verified or not."""
    return ctx.actor.role is Role.RESIDENT


def own_account_or_ward(ctx: Context) -> bool:
    """Oneself, or a guardian for the child; never another family member."""
    if ctx.proxy is not None:
        return ctx.oneself_or_ward is not None
    return own_account(ctx)


def account_of(ctx: Context) -> UUID:
    """The acting resident's account."""
    return ctx.actor.id
