"""Mandates that are over, unanswered or narrower now; what may be done hangs on none of it."""

from collections.abc import Callable

from backend import proxies
from backend.kernel import entry
from backend.kernel.context import Context
from backend.kernel.transaction import transaction


def lapse() -> int:
    """Close what nobody answered in time."""
    return _until_none(proxies.lapse)


def expire() -> int:
    """End what is over, and let both sides know."""
    return _until_none(proxies.expire)


def tell_narrowed() -> int:
    """Let children who have a say now, and their guardians, know."""
    return _until_none(proxies.tell_narrowed)


def _until_none(some: Callable[[Context], int]) -> int:
    total = 0
    while found := _some(some):
        total += found
    return total


def _some(some: Callable[[Context], int]) -> int:
    with transaction():
        return some(entry.now())
