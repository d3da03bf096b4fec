"""打扰预算: how much somebody is asked to read; what of that which is due goes now, what waits.

Judged when a sender claims, with the accounts locked, so that any number of senders keep it. What
is urgent goes whatever was sent, and counts for nothing. Wishes hold from the next claim on, for
what is queued already too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text, update

from backend import network
from backend.kernel.calendar import begins_at, shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import attention_queries as known
from backend.messaging import digests, history, ledger
from backend.messaging.attention_queries import NO_WISH, Account, Coming, Holder, Wish
from backend.messaging.attention_rules import AttentionPolicy
from backend.messaging.attention_verdicts import GO, PUSHED, Bounds, Case, Verdict
from backend.messaging.candidates import Candidate
from backend.messaging.models import Message, Reason, State, Step
from backend.messaging.rules import MessagingPolicy
from backend.messaging.wording import catalogue

_HOLD = text("""
UPDATE message SET wait_until = r.until, reason = r.reason
FROM unnest(CAST(:ids AS uuid[]), CAST(:untils AS timestamptz[]), CAST(:reasons AS text[]))
  AS r (id, until, reason)
WHERE message.id = r.id AND message.state = 'queued'
""")


def judge(ctx: Context, rows: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those to send now; of the others their new time or end is written here.

    A few statements a batch, none where everything is urgent.
    """
    rows = digests.judge(ctx, rows)
    calm = [row for row in rows if not row.urgent]
    if not calm:
        return rows
    facts, bounds = _facts(ctx, calm), _bounds(ctx, calm)
    verdicts = {row.id: bounds.verdict(facts.case(row)) for row in calm if facts.knows(row)}
    _write(ctx, {key: one for key, one in verdicts.items() if one is not GO})
    return [row for row in rows if row.urgent or verdicts.get(row.id) is GO]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the verdicts of a batch need, each of it read once for all."""

    holders: Mapping[UUID, Holder]
    had: Mapping[UUID, Account]
    coming: Mapping[UUID, Sequence[Coming]]
    left: Mapping[tuple[UUID, str], int]
    others: Mapping[UUID, Wish]

    def knows(self, row: Candidate) -> bool:
        """Whether it can be judged: another sender has no part in its account at this moment."""
        account = row.account_id
        if row.channel not in PUSHED or account is None:
            return True
        return account in self.holders and not self.had[account].in_flight

    def case(self, row: Candidate) -> Case:
        """Everything about one message."""
        account, person = row.account_id, row.to_resident_id
        others = self.others.get(person, NO_WISH) if person else NO_WISH
        if row.channel not in PUSHED or account is None:
            return Case(row, others, others)
        holder = self.holders[account]
        about = holder.wish if holder.resident_id == person else others
        coming, left = self.coming.get(account, ()), self.left.get((account, row.template_id), 0)
        return Case(row, holder.wish, about, self.had[account], coming, left)


def _facts(ctx: Context, rows: Sequence[Candidate]) -> _Facts:
    pushed = {row.account_id for row in rows if row.channel in PUSHED and row.account_id}
    holders = known.held(pushed) if pushed else {}
    had = known.pushes(ctx, holders) if holders else {}
    hours = ctx.region.section("attention", AttentionPolicy).credit_hours
    until = max(ctx.at + timedelta(hours=hours), begins_at(ctx.today + timedelta(days=1)))
    coming = known.coming(ctx, list(holders.values()), until) if holders else {}
    contested = [account for account, waiting in coming.items() if len(waiting) > 1]
    left = ledger.balances(contested) if contested else {}
    own = {one.resident_id for one in holders.values()}
    people = {row.to_resident_id for row in rows if row.to_resident_id}
    return _Facts(holders, had, coming, left, known.wishes(people - own))


def _bounds(ctx: Context, rows: Sequence[Candidate]) -> Bounds:
    """What the region lays down; its calendar is read where one of the messages needs it."""
    needed = any(catalogue().kind[row.kind].workdays_only for row in rows)
    return Bounds(
        ctx.at,
        ctx.region.section("attention", AttentionPolicy),
        ctx.region.section("messaging", MessagingPolicy),
        network.workdays(ctx) if needed else network.Workdays(),
    )


def _write(ctx: Context, verdicts: Mapping[UUID, Verdict]) -> None:
    waiting = {key: one for key, one in verdicts.items() if not one.is_over}
    if waiting:
        columns = {
            "ids": list(waiting),
            "untils": [one.until for one in waiting.values()],
            "reasons": [one.reason for one in waiting.values()],
        }
        db.session.execute(_HOLD, columns)
    history.note(_put_off(ctx, waiting), Step.HELD, Reason.OVER_BUDGET)
    for reason in {one.reason for one in verdicts.values() if one.is_over}:
        ids = [key for key, one in verdicts.items() if one.is_over and one.reason is reason]
        ended = {"state": State.WITHDRAWN, "reason": reason}
        db.session.execute(update(Message).where(Message.id.in_(ids)).values(**ended))
        history.note(ids, Step.DROPPED, reason)


def _put_off(ctx: Context, waiting: Mapping[UUID, Verdict]) -> list[UUID]:
    """What waits for another day; that a message lets another one go first is no history."""
    return [
        key
        for key, one in waiting.items()
        if one.reason and one.until and shanghai_date(one.until) > ctx.today
    ]
