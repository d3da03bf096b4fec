"""Messages that go on to another channel, to a deputy, or to nobody any more."""

import structlog

from backend import messaging
from backend.kernel.database import db
from backend.kernel.entry import now
from jobs.sweeping import each, until_none

log = structlog.get_logger(__name__)


def climb() -> int:
    """What did not reach somebody takes the next channel, some hundreds a commit.

    So does what cannot wait for a channel that is down or full.
    """
    return _climb() + until_none(lambda: messaging.climb_past(now()))


def _climb() -> int:
    """Where one stands in the way of the others, each goes alone."""
    try:
        return until_none(lambda: messaging.climb(now()))
    except Exception as failure:
        log.error("ladder: one by one", error=type(failure).__name__)
        db.session.remove()
    return each(
        lambda failed: messaging.to_climb(now(), failed),
        lambda message_id: messaging.climb_one(now(), message_id),
    )


def pass_on() -> int:
    """What goes out today to who is away goes to the deputy."""
    return until_none(lambda: messaging.pass_on(now()))


def stop_calls() -> int:
    """Nobody is called about what is over."""
    return until_none(lambda: messaging.stop_calls(now()))
