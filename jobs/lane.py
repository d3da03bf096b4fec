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
# Twice as much is claimed when the lane ran dry, half when a batch had to wait here for so long:
# what waits here cannot be withdrawn any more. A larger batch would come too late to be the next.
AHEAD_S = 1.0
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
        self._ahead = 2 * concurrency
        self._slow_since = 0.0
        self._turn: asyncio.Future[None] | None = None
        self._workers: set[asyncio.Task[None]] = set()
        self._halted_until = 0.0

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
        return self._ahead - here if here <= self._ahead / 2 else 0

    def take(self, claimed: Sequence[Claimed], room: int, since: float) -> None:
        """Send these, of which there was room for so many; claimed since then."""
        if len(claimed) == room > 1 and not self._waiting:
            self._ahead = min(2 * self._ahead, MOST_AHEAD)
        self._waiting.extend((message, since) for message in claimed)
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
            message, since = self._waiting.popleft()
            outcome = await self._deliver(message, since)
            self._done(Result(message.id, message.token, outcome))

    async def _deliver(self, message: Claimed, since: float) -> Outcome:
        now, until = time.monotonic(), since + LATEST_START_S
        if now - since > AHEAD_S and since > self._slow_since:
            self._slow_since = since
            self._ahead = max(self._ahead // 2, 2 * self._concurrency)
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
        self._journal.started(message)
        try:
            await self._written()
        except OSError:
            return messaging.NOT_REACHED
        outcome = await self._outcome(message, packed, until)
        self._journal.ended(Result(message.id, message.token, outcome))
        self._written()
        return outcome

    def _written(self) -> asyncio.Future[None]:
        """Done when the journal has all lines of this turn of the loop: one write for many."""
        if self._turn is None:
            loop = asyncio.get_running_loop()
            self._turn = loop.create_future()
            loop.call_soon(self._write, self._turn)
        return self._turn

    def _write(self, turn: asyncio.Future[None]) -> None:
        self._turn = None
        try:
            self._journal.flush()
            turn.set_result(None)
        except OSError as failure:
            turn.set_exception(failure)

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
