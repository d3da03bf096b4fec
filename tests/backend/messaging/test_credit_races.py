"""A phone and WeChat tell of the same taps at the same moment."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from races import race
from sqlalchemy import text

from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from backend.messaging import ledger
from backend.messaging.models import Entry

TAPS = 6
AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
MADE = "INSERT INTO account (id, openid, created_at) VALUES (%s, %s, now())"
LEFT = "SELECT template_id, sum(change) FROM credit WHERE account_id = %s GROUP BY template_id"


def tell(account_id: UUID, entry: str, is_alone: bool) -> None:
    """Write down every tap, each in a transaction that lasts a moment."""
    if not is_alone:
        ledger._LOCK = text("SELECT :account")
    for number in range(TAPS):
        with transaction():
            at = AT + timedelta(seconds=30 * (entry == "accepted"))
            ledger.enter(at, account_id, new_id(), {f"T{number}": Entry(entry)})
            time.sleep(0.03)


def told_by_both(address: str, *, is_alone: bool) -> dict[str, int]:
    """What is left of each template after the phone and WeChat have told."""
    account = new_id()
    with psycopg.connect(address, autocommit=True) as link:
        link.execute(MADE, (account, f"raced-{account}"))
        tellers: list[tuple[Any, ...]] = [
            (account, entry, is_alone) for entry in ("accepted", "confirmed")
        ]
        race(address, tell, tellers)
        return dict(link.execute(LEFT, (account,)).fetchall())


def test_a_tap_told_by_both_at_once_counts_once(own_database: str) -> None:
    assert set(told_by_both(own_database, is_alone=True).values()) == {1}


def test_without_waiting_for_each_other_it_counts_twice(own_database: str) -> None:
    """The negative control."""
    assert 2 in told_by_both(own_database, is_alone=False).values()
