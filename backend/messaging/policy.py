"""Who may see a message: the person it is for, and the clock."""

from sqlalchemy import ColumnElement, false, true

from backend import identity
from backend.kernel.context import STAFF, Context, Role
from backend.messaging.models import Message
from backend.messaging.wording import Audience


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """One's own; a message to a resident is for the verified person alone."""
    if ctx.actor.role is Role.RESIDENT:
        return Message.to_resident_id == ctx.person
    if ctx.actor.role in STAFF:
        return Message.to_staff_id == ctx.actor.id
    return true() if ctx.actor.role is Role.CLOCK else false()


def own_account(ctx: Context) -> ColumnElement[bool]:
    """The WeChat account of whoever acts."""
    if ctx.actor.role is Role.RESIDENT:
        return identity.Account.id == ctx.actor.id
    return identity.Account.staff_id == ctx.actor.id


def audience_of(ctx: Context) -> Audience:
    """Which templates concern whoever acts."""
    return Audience.RESIDENT if ctx.actor.role is Role.RESIDENT else Audience.STAFF


def has_account(ctx: Context) -> bool:
    """Residents, verified or not, and staff."""
    return ctx.actor.role is Role.RESIDENT or ctx.actor.role in STAFF
