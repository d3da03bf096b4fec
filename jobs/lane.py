"""One channel's way out: what was claimed for it waits here and is sent, so many at a time.

Each channel has its own, with its own halt and breaker: one that is down stops no other.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from backend import messaging
from backend.messaging import Channel, Claimed, Outcome, Reason, Result
from jobs.breaker import Breaker, BreakerState
from jobs.carriers import Carrier
from jobs.journal import Journal

log = structlog.get_logger(__name__)

# A call begins only where its lease outlasts it, a second try with a new token included.
LATEST_START_S = messaging.LEASE_S - 2 * messaging.CALL_S
# So much is claimed ahead as goes in this time: what waits here cannot be withdrawn any more.
AHEAD_S = 0.5
MOST_AHEAD = 1000
NOBODY_THERE = frozenset({Reason.NO_ANSWER, Reason.UNREADABLE})
NOTHING_GOES = frozenset({Reason.NOT_REACHED, Reason.BAD_TOKEN})


class Lane:
    """The calls of one carrier."""

    def __init__(
        self,
        name: str,
        channels: Sequence[Channel],
        carrier: Carrier,
        concurrency: int,
        done: Callable[[Result], None],
    ) -> None:
        self.name, self.channels, self.carrier = name, channels, carrier
        self.breaker = Breaker()
        self._concurrency, self._done = concurrency, done
        self._waiting: deque[tuple[Claimed, float]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._halted_until = 0.0
        self._ahead = float(2 * concurrency)
        self._finished, self._counted_at = 0, time.monotonic()

    def use(self, journal: Journal) -> None:
        """Where each call is written down before it begins."""
        self._journal = journal

    @property
    def is_busy(self) -> bool:
        """Whether anything waits or is under way."""
        return bool(self._workers)

    def room(self) -> int:
        """How many may be claimed now; one alone where the channel is only tried."""
        if time.monotonic() < self._halted_until or self.breaker.state is BreakerState.OPEN:
            return 0
        here = len(self._waiting) + len(self._workers)
        if self.breaker.state is BreakerState.HALF_OPEN:
            return int(here == 0)
        wanted = self._wanted()
        return wanted - here if here <= wanted / 2 else 0

    def _wanted(self) -> int:
        """What goes in half a second, as far as that was seen."""
        now = time.monotonic()
        if (took := now - self._counted_at) >= AHEAD_S:
            self._ahead = (self._ahead + self._finished * AHEAD_S / took * 2) / 2
            self._finished, self._counted_at = 0, now
        return int(min(max(self._ahead, 2 * self._concurrency), MOST_AHEAD))

    def take(self, claimed: Sequence[Claimed], since: float) -> None:
        """Send these, claimed since then."""
        self._waiting.extend((message, since + LATEST_START_S) for message in claimed)
        for _ in range(min(len(self._waiting), self._concurrency - len(self._workers))):
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def ended(self, seconds: float) -> bool:
        """Give back what waits, and let the calls begun end; whether they did."""
        self._halted_until = float("inf")
        if self._workers:
            await asyncio.wait(self._workers, timeout=seconds)
        return not self._workers

    async def _work(self) -> None:
        while self._waiting:
            message, until = self._waiting.popleft()
            outcome = await self._deliver(message, until)
            self._finished += 1
            self._done(Result(message.id, message.token, outcome))

    async def _deliver(self, message: Claimed, until: float) -> Outcome:
        now = time.monotonic()
        if now > until or now < self._halted_until or self.breaker.state is BreakerState.OPEN:
            return messaging.RELEASED
        outcome = await self._call(message, until)
        self._learn(outcome)
        return outcome

    def _learn(self, outcome: Outcome) -> None:
        if outcome.reason in NOBODY_THERE | NOTHING_GOES:
            self.breaker.failed(at_once=outcome.reason in NOTHING_GOES)
        elif outcome.reason is not Reason.DEFECT:
            self.breaker.answered()
        if outcome.halt_s:
            self._halted_until = max(self._halted_until, time.monotonic() + outcome.halt_s)
        if outcome.alarming:
            told = {"errcode": outcome.errcode, "rid": outcome.rid, "field": outcome.field}
            log.error(
                "sender: refused", lane=self.name, reason=outcome.reason, code=outcome.code, **told
            )

    async def _call(self, message: Claimed, until: float) -> Outcome:
        """One message; whatever is wrong with it stays with it."""
        try:
            packed = await self.carrier.pack(message)
        except messaging.NotReached:
            return messaging.NOT_REACHED
        except Exception as defect:
            log.error("sender: defect", message=str(message.id), error=type(defect).__name__)
            return messaging.DEFECT
        try:
            self._journal.started(message)
        except OSError:
            return messaging.NOT_REACHED
        outcome = await self._outcome(message, packed, until)
        self._journal.ended(Result(message.id, message.token, outcome))
        asyncio.get_running_loop().call_soon(self._journal.flush)
        return outcome

    async def _outcome(self, message: Claimed, packed: object, until: float) -> Outcome:
        try:
            return await self.carrier.carry(message, packed, until)
        except messaging.NotReached:
            return messaging.NOT_REACHED
        except messaging.NoAnswer:
            return messaging.NO_ANSWER
        except Exception as defect:
            log.error("sender: in doubt", message=str(message.id), error=type(defect).__name__)
            return messaging.IN_DOUBT
