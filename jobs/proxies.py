"""Mandates that are over, unanswered or narrower now; what may be done hangs on none of it."""

from backend import proxies
from backend.kernel.entry import now
from jobs.sweeping import until_none


def lapse() -> int:
    """Close what nobody answered in time."""
    return until_none(lambda: proxies.lapse(now()))


def expire() -> int:
    """End what is over, and let both sides know."""
    return until_none(lambda: proxies.expire(now()))


def tell_narrowed() -> int:
    """Let children who have a say now, and their guardians, know."""
    return until_none(lambda: proxies.tell_narrowed(now()))


def forget_papers() -> int:
    """Forget which documents were seen for mandates that are over long since."""
    return until_none(lambda: proxies.forget_papers(now()))
