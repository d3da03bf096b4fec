"""A person's own messages and credits; the queue as a whole, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.paging import Page, Wanted, page
from backend.messaging import ledger, policy
from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wording import Template, catalogue

# Why something is in the inbox alone.
NOT_PUSHED = (
    Reason.MUTED,
    Reason.OVER_BUDGET,
    Reason.KEPT_CREDIT,
    Reason.EXPIRED,
    Reason.REPLACED,
)
ASKED_AT_ONCE = 3
LEFT_IN_PEACE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Balance:
    """How many messages of a template somebody agreed to and has not had yet."""

    template: Template
    balance: int
    ask: bool


def inbox(ctx: Context, wanted: Wanted) -> Page[Message]:
    """What was due for whoever asks, newest first, whatever became of the push.

    What was taken back is left out, unless it stands though it was not pushed.
    """
    stands = (Message.state != State.WITHDRAWN) | Message.reason.in_(NOT_PUSHED)
    own = (
        select(Message)
        .where(policy.visible_to(ctx), Message.due_at <= ctx.at, stands)
        .where(Message.first_id.is_(None))
        .options(selectinload(Message.rungs), selectinload(Message.digest))
    )
    return page(own, [Message.due_at, Message.id], wanted, newest_first=True)


def heard_at(ctx: Context) -> datetime:
    """When a message that is queued now, and not urgent, goes out."""
    return after_quiet(ctx.at, ctx.region.section("messaging", MessagingPolicy))


def account_id(ctx: Context) -> UUID:
    """The WeChat account of whoever acts; raises `NotFound` where none is bound."""
    return one(select(identity.Account.id).where(policy.own_account(ctx)))


def subscriptions(ctx: Context) -> list[Balance]:
    """What is left by template, and for which (at most three) to ask at the next tap.

    Asked is where the least is left; what was declined in the last days is not asked again.
    """
    account = account_id(ctx)
    left = ledger.balances([account])
    declined = ledger.declined(account, ctx.at - LEFT_IN_PEACE)
    ours = [one for one in catalogue().template.values() if one.audience is policy.audience_of(ctx)]
    found = [(one, left.get((account, one.id), 0)) for one in ours]
    wanting = [(n, t) for t, n in found if n < t.credits_kept and t.id not in declined]
    asked = {t.id for _, t in sorted(wanting, key=lambda pair: pair[0])[:ASKED_AT_ONCE]}
    return [Balance(template, number, template.id in asked) for template, number in found]


def about(subject_id: UUID) -> Sequence[Message]:
    """What was queued about one subject, in that order; for operators, so without a person."""
    found = select(Message).where(Message.subject_id == subject_id).order_by(Message.id)
    return db.session.execute(found).scalars().all()


def planned_for(resident_id: UUID) -> Sequence[Message]:
    """Everything a resident was sent and will be sent, by time; for operators."""
    found = select(Message).where(Message.to_resident_id == resident_id)
    return db.session.execute(found.order_by(Message.due_at)).scalars().all()
