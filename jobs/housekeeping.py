"""Drops what is kept for a while only. Its ages are real time."""

from datetime import UTC, datetime, timedelta

from backend import identity, staffing
from backend.kernel import idempotency, ticks
from backend.kernel.entry import now
from backend.kernel.transaction import transaction

TICKS_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=180)


def forget_ticks() -> int:
    """Forget claims of slots long past."""
    with transaction():
        return ticks.forget_before(datetime.now(UTC) - TICKS_KEPT)


def forget_answers() -> int:
    """Forget answers to requests that nobody repeats any more."""
    with transaction():
        kept = timedelta(hours=idempotency.KEPT_HOURS)
        return idempotency.forget_before(datetime.now(UTC) - kept)


def forget_failures() -> int:
    """Forget failed log-ins under names that nobody tried for a day."""
    with transaction():
        return staffing.forget_lockouts(datetime.now(UTC) - FAILURES_KEPT)


def forget_attempts() -> int:
    """Forget failed attempts at an identity that count no more."""
    with transaction():
        return identity.forget_attempts()


def forget_sessions() -> int:
    """Forget devices that were logged out, or not used, long ago."""
    total = 0
    while True:
        with transaction():
            gone = identity.forget_sessions(now(), datetime.now(UTC) - SESSIONS_KEPT)
        total += gone
        if not gone:
            return total
