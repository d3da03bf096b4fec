"""Counting over a sliding window, in this process and now and then with the others in Redis.

A process keeps up to a twentieth of a count to itself before it tells Redis, so that a person who
asks seldom costs no trip at all; with p processes a limit is exceeded by less than p twentieths.
Small counts (below 40) are told one by one and are exact.
"""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import structlog

from backend.kernel.cache import Away

if TYPE_CHECKING:
    import redis

log = structlog.get_logger(__name__)

K = TypeVar("K", bound=tuple[str, ...])

PAUSE_S = 2.0
MOST_SUBJECTS = 100_000
KEPT_BACK = 20

# A count lives for this slot and, as the one before, for the next.
_ADD = """
local now = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {now, tonumber(redis.call('GET', KEYS[2]) or '0')}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many in so many seconds."""

    count: int
    seconds: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds < 1:
            raise ValueError("an allowance must be positive")

    @property
    def kept_back(self) -> int:
        """How many a process counts before it tells Redis."""
        return max(1, self.count // KEPT_BACK)

    def times(self, factor: float) -> "Allowance":
        """As many times as much, at least one."""
        return Allowance(max(1, int(self.count * factor)), self.seconds)


@dataclass(slots=True)
class Tally:
    """What is known of one subject: the slot before, this slot, and what Redis has yet to hear."""

    before: int = 0
    told: int = 0
    untold: int = 0

    @property
    def now(self) -> int:
        """All that was counted in this slot."""
        return self.told + self.untold

    def weighed(self, passed: float) -> float:
        """The count of the window that ends now, with `passed` (0 to 1) of the slot behind us."""
        return self.before * (1 - passed) + self.now

    def wait(self, most: int, passed: float) -> float:
        """In how many slots one more will fit below `most`."""
        if self.now < most:
            return max(0.0, 1 - (most - 1 - self.now) / self.before - passed) if self.before else 0
        return 1 - passed + max(0.0, 1 - (most - 1) / self.now)


class Shared:
    """The counts of all processes, in Redis; while it is away it is asked once in two seconds.

    Subjects are known to it by `name`, which must not be reversible.
    """

    def __init__(self, client: "redis.Redis | None", name: Callable[[str], str]) -> None:
        self._client, self._name = client, name
        self._away_until = 0.0
        self.is_away = client is None

    def add(self, subject: str, slot: int, many: int, seconds: int) -> tuple[int, int] | None:
        """Count `many` more; the counts of this slot and the one before, `None` while away."""
        if self._client is None or time.monotonic() < self._away_until:
            return None
        if self.is_away:  # one asks whether it is back, the others do not wait for the answer
            self._away_until = time.monotonic() + PAUSE_S
        try:
            counts = self._ask(self._client, self._name(subject), slot, many, seconds)
        except Away as failure:
            self.is_away, self._away_until = True, time.monotonic() + PAUSE_S
            log.warning("limits away", error=type(failure).__name__)
            return None
        self.is_away = False
        return counts

    @staticmethod
    def _ask(
        client: "redis.Redis", name: str, slot: int, many: int, seconds: int
    ) -> tuple[int, int]:
        keys = [f"limit:{name}:{slot}", f"limit:{name}:{slot - 1}"]
        now, before = client.eval(_ADD, 2, *keys, str(many), str(2 * seconds))
        return int(now), int(before)


@dataclass(slots=True)
class _Slots:
    number: int = -1
    now: dict[Hashable, Tally] = field(default_factory=dict)
    before: dict[Hashable, Tally] = field(default_factory=dict)

    def turn(self, number: int) -> None:
        if number != self.number:
            self.before = self.now if number == self.number + 1 else {}
            self.now, self.number = {}, number

    def seen(self, subject: Hashable) -> Tally:
        """What is known, kept nowhere if it is nothing."""
        found = self.now.get(subject)
        if found is None:
            last = self.before.get(subject)
            found = Tally(before=last.now if last else 0)
        return found

    def tally(self, subject: Hashable) -> Tally:
        """As `seen`, to be counted on; where there are too many, the oldest is forgotten."""
        if subject not in self.now and len(self.now) >= MOST_SUBJECTS:
            del self.now[next(iter(self.now))]
        return self.now.setdefault(subject, self.seen(subject))


class Counter:
    """One allowance and all who spend of it."""

    def __init__(
        self,
        name: str,
        allowance: Allowance,
        shared: Shared,
        without_redis: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name, self._whole, self._shared, self._clock = name, allowance, shared, clock
        self._alone = allowance.times(without_redis)
        self._slots, self._lock = _Slots(), Lock()

    def wait(self, subject: Hashable) -> int:
        """Seconds until this subject may spend again; 0 is now."""
        at = self._clock() / self._whole.seconds
        with self._lock:
            self._slots.turn(math.floor(at))
            return self._wait(self._slots.seen(subject), at, spent=0)

    def spend(self, subject: Hashable) -> int:
        """Count one and return 0, or the seconds to wait and count nothing."""
        at = self._clock() / self._whole.seconds
        with self._lock:
            self._slots.turn(math.floor(at))
            tally = self._slots.tally(subject)
            if wait := self._wait(tally, at, spent=0):
                return wait
            tally.untold += 1
            if tally.untold < self._whole.kept_back:
                return 0
            many, tally.untold = tally.untold, 0
        self._tell(subject, tally, math.floor(at), many)
        return self._wait(tally, at, spent=1)

    def _tell(self, subject: Hashable, tally: Tally, slot: int, many: int) -> None:
        counts = self._shared.add(f"{self._name}:{subject}", slot, many, self._whole.seconds)
        with self._lock:
            if counts is None:
                tally.untold += many
            else:
                tally.told, tally.before = counts[0], max(tally.before, counts[1])

    def _wait(self, tally: Tally, at: float, *, spent: int) -> int:
        """With `spent` of the tally already this request's own."""
        most = (self._alone if self._shared.is_away else self._whole).count
        passed = at - math.floor(at)
        if tally.weighed(passed) + 1 - spent <= most:
            return 0
        return max(1, math.ceil(tally.wait(most, passed) * self._whole.seconds))


def counters(
    shared: Shared, allowances: Mapping[K, Allowance], without_redis: float
) -> dict[K, Counter]:
    """A counter for each allowance, under the same key."""
    return {
        key: Counter(".".join(key), one, shared, without_redis) for key, one in allowances.items()
    }
