"""Who may see a message: the person it is for, and the clock."""

from sqlalchemy import ColumnElement

from backend import identity
from backend.kernel.context import Context, Role, Scope
from backend.kernel.policy import by_person
from backend.kernel.ties import (
    NONE,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    as_person,
    by_itself,
    everything,
    of_person,
    possible,
)
from backend.messaging.models import Message
from backend.messaging.wording import Audience


def ties(ctx: Context, message: Message) -> Ties:
    """Whom it is for, the clock."""
    to_staff = possible(ctx) & {Tie.STAFF} if message.to_staff_id == ctx.actor.id else NONE
    person = NONE
    if message.to_resident_id is not None:
        person = as_person(ctx, message.to_resident_id, message.subject_id)
    return person | to_staff | by_itself(ctx)


def _to_staff(ctx: Context) -> ColumnElement[bool]:
    return Message.to_staff_id == ctx.actor.id


visible_to = Sight(
    scopes=(Scope.REMINDERS,),
    rows={
        **of_person(Message.to_resident_id, Scope.REMINDERS, subject=Message.subject_id),
        Tie.STAFF: _to_staff,
        Tie.CLOCK: everything,
    },
)
has_account = admits(Tie.ACCOUNT)
oneself = admits(Tie.SELF)
whom_it_is_for = allows(ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, Tie.STAFF, scope=Scope.REMINDERS)
by_addressee = by_person(Scope.REMINDERS)


def own_account(ctx: Context) -> ColumnElement[bool]:
    """The WeChat account of whoever acts."""
    if ctx.actor.role is Role.RESIDENT:
        return identity.Account.id == ctx.actor.id
    return identity.Account.staff_id == ctx.actor.id


def audience_of(ctx: Context) -> Audience:
    """Which templates concern whoever acts."""
    return Audience.RESIDENT if ctx.actor.role is Role.RESIDENT else Audience.STAFF
