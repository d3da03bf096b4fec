"""What people asked of their own data, done by itself; what was kept for a while only, dropped."""

from backend import messaging, privacy
from backend.kernel.entry import now
from jobs.sweeping import each, until_none


def make_exports() -> int:
    """Make the copies that were asked for."""
    return each(privacy.asked_exports, lambda found: privacy.make_export(now(), found))


def expire_exports() -> int:
    """Drop the copies whose days are over, some hundreds a commit."""
    return until_none(lambda: privacy.expire_exports(now()))


def carry_out_deletions() -> int:
    """Forget those whose days of thinking it over have passed, one a commit."""
    return each(
        lambda failed: privacy.due(now(), failed),
        lambda found: privacy.carry_out(now(), privacy.hold_request(found)),
    )


def look_again() -> int:
    """Erase of the forgotten what no law keeps any more, one a commit."""
    return each(
        lambda failed: privacy.to_look_at(now(), failed),
        lambda found: privacy.look_again(now(), privacy.hold_request(found)),
    )


def forget_messages() -> int:
    """Drop messages that are older than the region keeps them, some hundreds a commit."""
    return until_none(lambda: messaging.forget(now(), privacy.messages_kept_since(now())))
