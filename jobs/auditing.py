"""Seals the log of disclosures; makes its months ahead of need."""

from sqlalchemy.exc import IntegrityError

from backend import auditing
from backend.kernel import entry
from backend.kernel.transaction import transaction


def seal() -> int:
    """Seal everything that waits; where another process is quicker, leave it to that one."""
    total = 0
    while True:
        with transaction():
            batch = auditing.waiting()
        if batch is None:
            return total
        try:
            with transaction():
                sealed = auditing.set_seal(batch)
        except IntegrityError:
            return total
        total += sealed


def make_months() -> int:
    """Have partitions for the months to come."""
    with transaction():
        return auditing.make_months(entry.now().today)
