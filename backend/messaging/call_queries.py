"""Whom the own house has to call now, what matters most first."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager

from backend import identity
from backend.kernel.clock import real_time
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.messaging import call_policy, chains, ladder_queries, sms_replies, wording
from backend.messaging.call_models import CallItem
from backend.messaging.models import Message, State


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the list: whom, about what, how often it was tried, who has it now.

    `reply`: what the person wrote, where that is what the call is about.
    The number is on file with the person, and shown to who took the call.
    """

    item: CallItem
    message: Message
    person: identity.Resident
    is_taken: bool
    reply: str | None = None

    @property
    def resident_id(self) -> UUID:
        """Whose record this shows."""
        return self.person.id


def calls(ctx: Context, wanted: Wanted) -> Page[Call]:
    """Whom to call now, the weightiest and then the longest waiting first."""
    found = page(_open(ctx), [CallItem.rank, CallItem.listed_at, CallItem.id], wanted)
    return Page([line(item) for item in found.items], found.next)


def hold_call(ctx: Context, call_id: UUID) -> CallItem:
    """One that is still to be made, locked with its message; raises `NotFound`."""
    one(_open(ctx).where(CallItem.id == call_id))
    item = held(select(CallItem).where(CallItem.id == call_id))
    chains.lock(Message.id.in_([item.message_id, item.message.first_id or item.message_id]))
    return one(_open(ctx).where(CallItem.id == call_id).execution_options(populate_existing=True))


def _open(ctx: Context) -> Select[CallItem]:
    """What is due at the actor's house, and may still be told."""
    paused = func.coalesce(identity.Resident.reminders_paused_until, ctx.at) > ctx.at
    return (
        select(CallItem)
        .join(CallItem.message)
        .join(identity.Resident, identity.Resident.id == Message.to_resident_id)
        .options(contains_eager(CallItem.message))
        .where(call_policy.visible_to(ctx), CallItem.ended_at.is_(None))
        .where(Message.state == State.QUEUED, ladder_queries.is_welcome())
        .where(~chains.is_settled())
        .where(func.coalesce(Message.wait_until, Message.due_at) <= ctx.at)
        .where(or_(Message.expires_at.is_(None), Message.expires_at > ctx.at))
        .where(~(paused & Message.kind.in_(wording.reminders())))
    )


def line(item: CallItem) -> Call:
    """What the list tells of one."""
    message = item.message
    person = db.session.get_one(identity.Resident, message.to_resident_id)
    is_taken = item.taken_until is not None and item.taken_until > real_time()
    return Call(item, message, person, is_taken, sms_replies.words_behind(message))
