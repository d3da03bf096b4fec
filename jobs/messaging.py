"""Messages that go on to another channel, to a deputy, or to nobody any more."""

from backend import messaging
from backend.kernel.entry import now
from jobs.sweeping import until_none


def climb() -> int:
    """What did not reach somebody takes the next channel, some hundreds a commit."""
    return until_none(lambda: messaging.climb(now()))


def pass_on() -> int:
    """What goes out today to who is away goes to the deputy."""
    return until_none(lambda: messaging.pass_on(now()))


def stop_calls() -> int:
    """Nobody is called about what is over."""
    return until_none(lambda: messaging.stop_calls(now()))
