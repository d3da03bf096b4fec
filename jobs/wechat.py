"""Applies what WeChat told by itself, until nothing of it is due."""

from backend import messaging
from backend.kernel.entry import now
from backend.kernel.transaction import transaction

BATCH = 50


def apply_events() -> int:
    """Apply every event that is due now, a batch a transaction; returns how many."""
    total = 0
    while True:
        with transaction():
            applied = messaging.apply_events(now(), BATCH)
        total += applied
        if applied < BATCH:
            return total
