"""What the budget is judged by, for a batch: whose accounts, what they had, what is coming."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from backend.kernel.calendar import begins_at
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.messaging import wording
from backend.messaging.attention_rules import WEEK, Pushes, Quiet
from backend.messaging.wording import Group, MessageKind, catalogue

_HOLDERS = text("""
SELECT a.id AS account_id, a.resident_id, a.staff_id,
  w.quiet_from, w.quiet_to, w.per_day, w.wants_digest, w.muted
FROM account a LEFT JOIN reminder_wish w ON w.resident_id = a.resident_id
WHERE a.id = ANY(:accounts) ORDER BY a.id FOR NO KEY UPDATE OF a SKIP LOCKED
""")
_WISHES = text("""
SELECT resident_id, quiet_from, quiet_to, per_day, wants_digest, muted
FROM reminder_wish WHERE resident_id = ANY(:residents)
""")
_PUSHES = text("""
SELECT account_id, to_staff_id IS NOT NULL AS is_work,
  (pushed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS number,
  bool_or(state = 'sending') AS in_flight
FROM message
WHERE account_id = ANY(:accounts) AND pushed_at >= :since
  AND state IN ('sending', 'sent', 'unknown') AND NOT urgent
GROUP BY 1, 2, 3
""")
# Of those who have no WeChat, what may go to this one of the family and is no secret from them.
# By person, never by ix_message_ready: that would read the whole queue for each of them.
_COMING = text("""
SELECT t.account_id, m.kind, m.urgent, m.template_id,
  greatest(coalesce(m.wait_until, m.due_at), :at) AS at
FROM unnest(CAST(:accounts AS uuid[]), CAST(:residents AS uuid[]), CAST(:staff AS uuid[]))
  AS t (account_id, resident_id, staff_id)
CROSS JOIN LATERAL (
  SELECT * FROM message WHERE to_resident_id = t.resident_id AND due_at < :until
    AND state || '' = 'queued' AND channel = 'wechat'
    AND (to_account_id IS NULL OR to_account_id = t.account_id)
  UNION ALL
  SELECT * FROM message WHERE to_staff_id = t.staff_id AND due_at < :until
    AND state || '' = 'queued' AND channel = 'wechat'
  UNION ALL
  SELECT n.* FROM relation r JOIN message n ON n.to_resident_id = r.resident_id
  WHERE r.party_id = t.resident_id AND r.kind IN ('proxy', 'guardian')
    AND strpos(r.scope, 'reminders') > 0 AND r.valid_from <= :at AND r.valid_until > :at
    AND n.due_at < :until AND n.state || '' = 'queued' AND n.to_account_id IS NULL
    AND (n.channel = 'family' OR n.channel = 'wechat'
      AND NOT EXISTS (SELECT 1 FROM account o WHERE o.resident_id = r.resident_id))
    AND NOT EXISTS (SELECT 1 FROM sensitive_item s WHERE s.subject_id = n.subject_id)
) m
WHERE coalesce(m.wait_until, m.due_at) < :until AND (m.expires_at IS NULL OR m.expires_at > :at)
  AND (m.kind <> ALL(CAST(:reminders AS text[])) OR m.to_resident_id IS NULL
    OR coalesce((SELECT reminders_paused_until FROM resident p WHERE p.id = m.to_resident_id),
      :at) <= :at
    AND EXISTS (SELECT 1 FROM consent c WHERE c.resident_id = m.to_resident_id
      AND c.purpose = 'reminders' AND c.withdrawn_at IS NULL))
""")


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person wishes; as it stands here: nothing of one's own."""

    quiet: Quiet | None = None
    per_day: int | None = None
    wants_digest: bool = True
    muted: Collection[Group] = frozenset()


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Holder:
    """An account in our hands until the claim is over: whose it is, and what they wish."""

    account_id: UUID
    resident_id: UUID | None
    staff_id: UUID | None
    wish: Wish


@dataclass(frozen=True, slots=True)
class Coming:
    """A message that waits for an account: how much it matters, when it is due at the earliest."""

    weight: int
    urgent: bool
    template_id: str
    at: datetime


@dataclass(slots=True)
class Account:
    """What one account had by business day, for itself and as staff; whether a call goes on."""

    own: dict[date, int] = field(default_factory=dict)
    work: dict[date, int] = field(default_factory=dict)
    in_flight: bool = False

    def pushes(self, *, is_work: bool) -> Pushes:
        """What counts for the budget of one of the two."""
        return self.work if is_work else self.own


def held(accounts: Iterable[UUID]) -> dict[UUID, Holder]:
    """Those of the accounts that nobody else judges at this moment, locked until commit.

    Who counts after this has every push before it, and none is added meanwhile.
    """
    rows = db.session.execute(_HOLDERS, {"accounts": list(accounts)})
    return {
        row.account_id: Holder(row.account_id, row.resident_id, row.staff_id, _wish(row))
        for row in rows
    }


def wishes(residents: Collection[UUID]) -> dict[UUID, Wish]:
    """What these people wish, those alone who said something."""
    if not residents:
        return {}
    rows = db.session.execute(_WISHES, {"residents": list(residents)})
    return {row.resident_id: _wish(row) for row in rows}


def _wish(row: Row[Any]) -> Wish:
    if row.wants_digest is None:
        return NO_WISH
    begins: time | None = row.quiet_from
    quiet = None if begins is None else (begins, row.quiet_to)
    return Wish(quiet, row.per_day, row.wants_digest, frozenset(map(Group, row.muted)))


def pushes(ctx: Context, accounts: Collection[UUID]) -> dict[UUID, Account]:
    """What each account had in the last week, and what the clock says it will have had."""
    found = {one: Account() for one in accounts}
    since = begins_at(ctx.today - timedelta(days=WEEK - 1))
    for row in db.session.execute(_PUSHES, {"accounts": list(accounts), "since": since}):
        account = found[row.account_id]
        (account.work if row.is_work else account.own)[row.day] = row.number
        account.in_flight |= row.in_flight
    return found


def coming(
    ctx: Context, holders: Sequence[Holder], until: datetime
) -> Mapping[UUID, Sequence[Coming]]:
    """What waits for each account and is due before then, what is due already among it."""
    columns = {
        "accounts": [one.account_id for one in holders],
        "residents": [one.resident_id for one in holders],
        "staff": [one.staff_id for one in holders],
    }
    found: dict[UUID, list[Coming]] = {}
    asked = {"at": ctx.at, "until": until, "reminders": sorted(wording.reminders())}
    for row in db.session.execute(_COMING, {**asked, **columns}):
        weight = catalogue().kind[MessageKind(row.kind)].weight
        waiting = Coming(weight, row.urgent, row.template_id, row.at)
        found.setdefault(row.account_id, []).append(waiting)
    return found
