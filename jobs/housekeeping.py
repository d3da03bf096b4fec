"""Drops what is kept for a while only, some hundreds a commit. Its ages are real time."""

from datetime import UTC, datetime, timedelta

from backend import identity, messaging, staffing
from backend.kernel import idempotency, ticks
from backend.kernel.entry import now
from backend.kernel.transaction import transaction
from jobs.sweeping import until_none

TICKS_KEPT = timedelta(days=7)
FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=180)
HEARD_KEPT = timedelta(days=180)
EVENTS_KEPT = timedelta(days=30)
INVITATIONS_KEPT = timedelta(days=30)  # business time, after the last day on which one may accept


def forget_ticks() -> int:
    """Forget claims of slots long past."""
    with transaction():
        return ticks.forget_before(_ago(TICKS_KEPT))


def forget_answers() -> int:
    """Forget answers to requests that nobody repeats any more."""
    with transaction():
        return idempotency.forget_before(_ago(timedelta(hours=idempotency.KEPT_HOURS)))


def forget_failures() -> int:
    """Forget failed log-ins under names that nobody tried for a day."""
    return until_none(lambda: staffing.forget_lockouts(_ago(FAILURES_KEPT)))


def forget_attempts() -> int:
    """Forget failed attempts at an identity that count no more."""
    return until_none(identity.forget_attempts)


def forget_desk() -> int:
    """Forget codes for a desk that ran out, and yesterday's tries that named nobody."""
    codes = until_none(lambda: identity.forget_desk_codes(now()))
    return codes + until_none(lambda: identity.forget_desk_misses(now(), _ago(FAILURES_KEPT)))


def forget_invitations() -> int:
    """Forget whom a house invited who never came."""
    return until_none(lambda: staffing.forget_invitations(now(), now().at - INVITATIONS_KEPT))


def forget_sessions() -> int:
    """Forget devices that were logged out, or not used, long ago."""
    return until_none(lambda: identity.forget_sessions(now(), _ago(SESSIONS_KEPT)))


def forget_heard() -> int:
    """Forget receipts and replies that are over; what they did to messages and phones stays."""
    return until_none(lambda: messaging.forget_heard(_ago(HEARD_KEPT)))


def forget_events() -> int:
    """Forget what WeChat told and is over; what it did to credits and messages stays."""
    return until_none(lambda: messaging.forget_events(_ago(EVENTS_KEPT)))


def _ago(span: timedelta) -> datetime:
    return datetime.now(UTC) - span
