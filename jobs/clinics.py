"""Makes the sessions that can be booked soon, and frees what was offered and not taken."""

from backend import clinics
from backend.kernel import entry
from backend.kernel.transaction import transaction
from jobs.sweeping import until_none

BATCH = 25  # with twenty seats each: 500 rows a commit


def generate() -> int:
    """Make every session that the booking horizon lacks, a batch a transaction."""
    total = 0
    while True:
        with transaction():
            found = clinics.generate(entry.now(), BATCH)
        total += found
        if not found:
            return total


def lapse() -> int:
    """Free the seats whose offers have run out."""
    return until_none(lambda: clinics.lapse(entry.now()))
