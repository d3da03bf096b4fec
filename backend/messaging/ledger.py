"""订阅次数: how many messages of a template a person agreed to, as far as we know.

An append-only ledger. It tells when to ask, never whether to send (ADR: the server knows better).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging.models import Credit, Entry


def balances(account_ids: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """What is left by account and template; never below zero."""
    found = (
        select(Credit.account_id, Credit.template_id, func.sum(Credit.change))
        .where(Credit.account_id.in_(list(account_ids)))
        .group_by(Credit.account_id, Credit.template_id)
    )
    return {(row[0], row[1]): max(0, int(row[2])) for row in db.session.execute(found)}


def declined(account_id: UUID, since: datetime) -> set[str]:
    """The templates that this account declined since."""
    found = select(Credit.template_id).where(
        Credit.account_id == account_id,
        Credit.entry.in_([Entry.REJECTED, Entry.BANNED]),
        Credit.at >= since,
    )
    return set(db.session.execute(found).scalars())


def enter(
    at: datetime, account_id: UUID, source_id: UUID, changes: Mapping[str, tuple[Entry, int]]
) -> None:
    """Write down one report: template → entry and change; a report known already changes nothing.

    One answer of a popup is one report, whatever it says the second time.
    """
    known = select(Credit.id).where(Credit.account_id == account_id, Credit.source_id == source_id)
    if db.session.execute(known.limit(1)).first() is None:
        _append(
            (at, account_id, template_id, source_id, entry, change)
            for template_id, (entry, change) in changes.items()
        )


def spend(at: datetime, sent: Sequence[Row[Any]]) -> None:
    """One less for each message sent, where we knew of any."""
    left = balances(row.account_id for row in sent)
    _append(
        (at, row.account_id, row.template_id, row.id, Entry.SENT, -1)
        for row in sent
        if left.get((row.account_id, row.template_id), 0) > 0
    )


def void(at: datetime, refused: Sequence[Row[Any]]) -> None:
    """WeChat says there is none left (43101): so there is none."""
    left = balances(row.account_id for row in refused)
    _append(
        (at, row.account_id, row.template_id, row.id, Entry.REFUSED, -balance)
        for row in refused
        if (balance := left.get((row.account_id, row.template_id), 0)) > 0
    )


def _append(entries: Iterable[tuple[datetime, UUID, str, UUID, Entry, int]]) -> None:
    names = ("at", "account_id", "template_id", "source_id", "entry", "change")
    rows = [{"id": new_id(), **dict(zip(names, entry, strict=True))} for entry in entries]
    if rows:
        db.session.execute(insert(Credit).on_conflict_do_nothing(), rows)
