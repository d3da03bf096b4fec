"""The breaker [熔断] of one channel: who does not answer is left alone, and asked ever more rarely.

Closed: everything goes. After `FAILURES` in a row it opens: nothing goes for a while. Then it is
half open: one message is tried; answered, it closes; not answered, it opens for twice as long.
"""

import time
from dataclasses import dataclass
from enum import StrEnum

FAILURES = 5
SHORTEST_S, LONGEST_S = 2.0, 30.0


class BreakerState(StrEnum):
    """Whether messages go."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass
class Breaker:
    """Kept by one process for one channel; times are those of the monotonic clock."""

    failures: int = 0
    pause_s: float = 0.0
    opened_until: float = 0.0

    @property
    def state(self) -> BreakerState:
        """As it is now."""
        if not self.pause_s:
            return BreakerState.CLOSED
        is_over = time.monotonic() >= self.opened_until
        return BreakerState.HALF_OPEN if is_over else BreakerState.OPEN

    def answered(self) -> None:
        """Somebody was there."""
        self.failures, self.pause_s = 0, 0.0

    def failed(self, *, at_once: bool = False) -> None:
        """Nobody was; `at_once`: once is enough to know that nothing can go now."""
        self.failures += 1
        state = self.state
        if state is BreakerState.HALF_OPEN or (
            state is BreakerState.CLOSED and (at_once or self.failures >= FAILURES)
        ):
            self.pause_s = min(max(2 * self.pause_s, SHORTEST_S), LONGEST_S)
            self.opened_until = time.monotonic() + self.pause_s
