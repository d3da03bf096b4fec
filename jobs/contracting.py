"""Contracts run out by themselves; they never renew by themselves."""

from backend import contracting
from backend.kernel import entry
from backend.kernel.transaction import transaction


def expire() -> int:
    """End every contract whose last day is over, some hundreds a commit."""
    ended = 0
    while some := _expire_some():
        ended += some
    return ended


def _expire_some() -> int:
    with transaction():
        return contracting.expire(entry.now())
