"""A person's own messages and credits; the queue as a whole, in numbers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.paging import Page, Wanted, page
from backend.messaging import policy
from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import MessagingPolicy, after_quiet

# Why something is in the inbox alone.
NOT_PUSHED = (
    Reason.MUTED,
    Reason.OVER_BUDGET,
    Reason.KEPT_CREDIT,
    Reason.EXPIRED,
    Reason.REPLACED,
    Reason.NOT_REACHED,
)


def inbox(ctx: Context, wanted: Wanted) -> Page[Message]:
    """What was due for whoever asks, newest first, whatever became of the push.

    What was taken back is left out, unless it stands though it was not pushed.
    """
    stands = (Message.state != State.WITHDRAWN) | Message.reason.in_(NOT_PUSHED)
    own = (
        select(Message)
        .where(policy.visible_to(ctx), Message.due_at <= ctx.at, stands)
        .where(Message.first_id.is_(None))
        .options(
            selectinload(Message.rungs), selectinload(Message.digest).selectinload(Message.rungs)
        )
    )
    return page(own, [Message.due_at, Message.id], wanted, newest_first=True)


def heard_at(ctx: Context) -> datetime:
    """When a message that is queued now, and not urgent, goes out."""
    return after_quiet(ctx.at, ctx.region.section("messaging", MessagingPolicy))


def account_id(ctx: Context) -> UUID:
    """The WeChat account of whoever acts; raises `NotFound` where none is bound."""
    return one(select(identity.Account.id).where(policy.own_account(ctx)))


def about(subject_id: UUID) -> Sequence[Message]:
    """What was queued about one subject, in that order; for operators, so without a person."""
    found = select(Message).where(Message.subject_id == subject_id).order_by(Message.id)
    return db.session.execute(found).scalars().all()


def planned_for(resident_id: UUID) -> Sequence[Message]:
    """Everything a resident was sent and will be sent, by time; for operators."""
    found = select(Message).where(Message.to_resident_id == resident_id)
    return db.session.execute(found.order_by(Message.due_at)).scalars().all()
