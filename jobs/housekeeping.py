"""Drops what is kept for a while only. Its ages are real time."""

from datetime import UTC, datetime, timedelta

from backend.kernel import idempotency, ticks
from backend.kernel.transaction import transaction

TICKS_KEPT = timedelta(days=7)


def forget_ticks() -> int:
    """Forget claims of slots long past."""
    with transaction():
        return ticks.forget_before(datetime.now(UTC) - TICKS_KEPT)


def forget_answers() -> int:
    """Forget answers to requests that nobody repeats any more."""
    with transaction():
        kept = timedelta(hours=idempotency.KEPT_HOURS)
        return idempotency.forget_before(datetime.now(UTC) - kept)
