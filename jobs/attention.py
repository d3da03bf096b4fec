"""What is told together: made before the morning, mended until it goes."""

from backend import messaging
from backend.kernel.entry import now
from jobs.sweeping import until_none


def gather() -> int:
    """Make the digests of this morning."""
    return until_none(lambda: messaging.gather(now()))


def mend() -> int:
    """Let out of the digests what fits them no more."""
    return until_none(lambda: messaging.mend(now()))
