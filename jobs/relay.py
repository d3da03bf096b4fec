"""Hands events to their reactions until none is due."""

from backend.kernel import entry, relay
from backend.kernel.transaction import transaction

BATCH = 50


def drain() -> int:
    """Deliver everything that is due now, a batch a transaction."""
    total = 0
    while True:
        with transaction():
            delivered = relay.deliver(entry.now, BATCH)
        total += delivered
        if delivered < BATCH:
            return total
