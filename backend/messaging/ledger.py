"""订阅次数: how many messages of a template a person agreed to, as far as we know.

An append-only ledger, written by clients' reports, WeChat's events, and what was sent and refused.
Each entry's change makes the sum what `credit_rules` says of all entries together, so that a sum is
enough to read it. It tells when to ask, never whether to send (ADR 7, ADR 30).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import credit_rules, wording
from backend.messaging.credit_rules import Fact
from backend.messaging.models import Credit, Entry

ALL = 2**31 - 1

_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('credit' || CAST(:account AS text), 0))"
)
# What was sent or refused, in one statement: the sum is right, or becomes so at the next tap.
_AFTER_SENDING = text("""
INSERT INTO credit (id, account_id, template_id, change, entry, source_id, at)
SELECT r.id, r.account, r.template, -least(greatest(l.sum, 0), :most), :entry, r.source, :at
FROM unnest(CAST(:ids AS uuid[]), CAST(:accounts AS uuid[]), CAST(:templates AS text[]),
  CAST(:sources AS uuid[])) AS r (id, account, template, source),
  LATERAL (SELECT coalesce(sum(c.change), 0) AS sum FROM credit c
    WHERE c.account_id = r.account AND c.template_id = r.template) AS l
ON CONFLICT DO NOTHING
""")


def balances(account_ids: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """What is left by account and template; never below zero."""
    found = (
        select(Credit.account_id, Credit.template_id, func.sum(Credit.change))
        .where(Credit.account_id.in_(list(account_ids)))
        .group_by(Credit.account_id, Credit.template_id)
    )
    return {(row[0], row[1]): max(0, int(row[2])) for row in db.session.execute(found)}


def declined(account_id: UUID, since: datetime) -> set[str]:
    """The templates that this account declined since then, or switched off."""
    found = select(Credit.template_id).where(
        Credit.account_id == account_id,
        Credit.entry.in_([Entry.REJECTED, Entry.BANNED, Entry.DECLINED]),
        Credit.at >= since,
    )
    return set(db.session.execute(found).scalars()) | switched_off(account_id)


def switched_off(account_id: UUID) -> set[str]:
    """The templates that the person switched off in WeChat's settings, and agreed to none since."""
    spoken = [Entry.ACCEPTED, Entry.CONFIRMED, Entry.SWITCHED_OFF]
    mine = (Credit.account_id == account_id) & Credit.entry.in_(spoken)
    facts: dict[str, list[Fact]] = {}
    for row in db.session.execute(select(Credit.template_id, Credit.entry, Credit.at).where(mine)):
        facts.setdefault(row.template_id, []).append(Fact(row.entry, row.at))
    return {template_id for template_id, told in facts.items() if credit_rules.is_off(told)}


def enter(at: datetime, account_id: UUID, source_id: UUID, told: Mapping[str, Entry]) -> None:
    """Write down what one source says of each template at business instant `at`, once a source.

    One answer of a popup is one report, whatever it says the second time. Two that write for one
    account wait for each other.
    """
    db.session.execute(_LOCK, {"account": account_id})
    rows = db.session.execute(_entries_of(account_id)).all()
    if all(row.source_id != source_id for row in rows):
        new = [_entry(rows, at, template_id, entry) for template_id, entry in sorted(told.items())]
        source = {"account_id": account_id, "source_id": source_id}
        db.session.execute(insert(Credit), [one | source for one in new])


def _entries_of(account_id: UUID) -> Any:
    found = select(
        Credit.template_id, Credit.entry, Credit.at, Credit.change, Credit.source_id
    ).where(Credit.account_id == account_id)
    return found.order_by(Credit.id)


def _entry(
    rows: Sequence[Row[Any]], at: datetime, template_id: str, entry: Entry
) -> dict[str, Any]:
    """A new entry, whose change makes the sum what the rules say of all entries together."""
    theirs = [row for row in rows if row.template_id == template_id]
    facts = [*(Fact(row.entry, row.at, row.change) for row in theirs), Fact(entry, at)]
    left = credit_rules.left(facts, is_long_term=template_id in wording.long_term())
    change = left - sum(row.change for row in theirs)
    return {
        "id": new_id(), "at": at, "template_id": template_id, "entry": entry, "change": change,
    }  # fmt: skip


def spend(at: datetime, sent: Sequence[Row[Any]]) -> None:
    """One less for each message sent, where we knew of any; written down where we did not."""
    once = [row for row in sent if row.account_id and row.template_id not in wording.long_term()]
    _after_sending(at, once, Entry.SENT, 1)


def void(at: datetime, refused: Sequence[Row[Any]]) -> None:
    """WeChat says there is none left (43101): so there is none."""
    _after_sending(at, [row for row in refused if row.account_id], Entry.REFUSED, ALL)


def _after_sending(at: datetime, rows: Sequence[Row[Any]], entry: Entry, most: int) -> None:
    if not rows:
        return
    columns = {
        "ids": [new_id() for _ in rows],
        "accounts": [row.account_id for row in rows],
        "templates": [row.template_id for row in rows],
        "sources": [row.id for row in rows],
    }
    db.session.execute(_AFTER_SENDING, {"at": at, "entry": entry, "most": most, **columns})
