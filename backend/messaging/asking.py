"""订阅: what is left of what somebody agreed to, and what to ask for at the next tap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from backend import identity
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import ledger, policy, queries, wording
from backend.messaging.asking_rules import Moment, Standing, because, to_ask
from backend.messaging.attention_queries import Coming, Holder, Wish, coming
from backend.messaging.models import Credit, Entry
from backend.messaging.wording import Template, catalogue

LEFT_IN_PEACE = timedelta(days=7)
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Balance:
    """How many messages of a template are agreed to and not had yet; `reason`: why to ask."""

    template: Template
    balance: int
    ask: bool
    reason: str | None = None


def subscriptions(ctx: Context, moment: Moment | None = None) -> list[Balance]:
    """What is left by template; first those to ask for at the next tap, in that order (three).

    What was declined in the last days is left in peace, what was switched off or agreed to for good
    is never asked for again.
    """
    account = queries.account_id(ctx)
    left = ledger.balances([account])
    closed = ledger.declined(account, ctx.at - LEFT_IN_PEACE) | _barred(account)
    planned = _planned(ctx, account)
    ours = [one for one in catalogue().template.values() if one.audience is policy.audience_of(ctx)]
    standings = {
        one.id: _standing(one, left.get((account, one.id), 0), planned.get(one.id, ()), closed)
        for one in ours
    }
    asked = {one.template_id: because(one, moment) for one in to_ask(standings.values(), moment)}
    places = [*asked, *(one.id for one in ours if one.id not in asked)]
    templates = {one.id: one for one in ours}
    return [
        Balance(templates[key], standings[key].balance, key in asked, asked.get(key))
        for key in places
    ]


def _standing(
    template: Template, balance: int, planned: Sequence[Coming], closed: set[str]
) -> Standing:
    for_good = template.id in wording.long_term() and balance > 0
    return Standing(
        template.id,
        balance,
        template.credits_kept,
        len(planned),
        max((one.weight for one in planned), default=0),
        template.moments,
        is_closed=for_good or template.id in closed,
    )


def _planned(ctx: Context, account_id: UUID) -> Mapping[str, Sequence[Coming]]:
    """What is on its way to this account in the next weeks, for whomever it stands."""
    account = db.session.get_one(identity.Account, account_id)
    holder = Holder(account.id, account.resident_id, account.staff_id, Wish())
    found: dict[str, list[Coming]] = {}
    for one in coming(ctx, [holder], ctx.at + SOON).get(account_id, ()):
        found.setdefault(one.template_id, []).append(one)
    return found


def _barred(account_id: UUID) -> set[str]:
    """Where WeChat's last word was that this person cannot be asked."""
    spoken = [Entry.ACCEPTED, Entry.CONFIRMED, Entry.BANNED]
    mine = (Credit.account_id == account_id) & Credit.entry.in_(spoken)
    told = select(Credit.template_id, Credit.entry).where(mine).order_by(Credit.at, Credit.id)
    last = {row.template_id: row.entry for row in db.session.execute(told)}
    return {template_id for template_id, entry in last.items() if entry is Entry.BANNED}
