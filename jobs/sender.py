"""Sends what is due: claims in batches, calls at once, settles in batches.

No transaction is open during a call. What a call brought is kept in memory and in the journal
until the database has it; what is in doubt becomes `unknown` and is not sent again.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Event
from typing import TypeVar
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from backend import identity, messaging
from backend.kernel import entry
from backend.kernel.transaction import transaction
from backend.messaging import Channel, Claimed, Result
from config.settings import Settings
from jobs import journal
from jobs.carriers import Texts, WeChat
from jobs.lane import Lane
from jobs.witness import Witness

log = structlog.get_logger(__name__)
T = TypeVar("T")

IDLE_S = 0.2
ROUND_S = 0.02
RECOVER_S = 5.0


class Sender:
    """One sender: any number may run, on any number of machines."""

    def __init__(self, app: Flask, came_round: Callable[[], None] = lambda: None) -> None:
        self._app, self._came_round = app, came_round
        settings: Settings = app.extensions["settings"]
        self._folder = settings.journal_dir
        self._witness = Witness(self._folder)
        self._results: list[Result] = []
        self._in_hand: set[tuple[UUID, UUID]] = set()
        self._recovered_at = 0.0
        self._lanes = self._lanes_of(settings)

    def _lanes_of(self, settings: Settings) -> list[Lane]:
        """WeChat's, the family's with it, and that of texts where a provider is known."""
        many = settings.sender_concurrency
        wechat = WeChat(settings.wechat_base_url, many, self._ask_token)
        lanes = [Lane("wechat", (Channel.FAMILY, Channel.WECHAT), wechat, many, self._have)]
        if settings.sms is not None:
            texts = Texts(settings.sms, many)
            lanes.append(Lane("sms", (Channel.SMS,), texts, many, self._have))
        return lanes

    def _have(self, result: Result) -> None:
        self._results.append(result)

    async def run(self, stopped: Event) -> None:
        """Send until asked to stop; then finish the calls begun."""
        self._journal = journal.Journal(self._folder)
        try:
            async with AsyncExitStack() as open_:
                for lane in self._lanes:
                    lane.use(self._journal)
                    await open_.enter_async_context(lane.carrier)
                while not stopped.is_set():
                    await self._round()
                    self._came_round()
                await self._finish()
        finally:
            self._journal.close()

    async def _round(self) -> None:
        """Claim and settle; a database that is away costs time, never a result."""
        try:
            await self._recover()
            claimed, settled = await asyncio.gather(
                self._claim(), self._settle(), return_exceptions=True
            )
            for failed in (claimed, settled):
                if isinstance(failed, BaseException):
                    raise failed
        except SQLAlchemyError as failure:
            log.warning("sender: database", error=type(failure).__name__)
            self._witness.doubt()
            await asyncio.sleep(IDLE_S)
            return
        is_busy = claimed or self._results or any(lane.is_busy for lane in self._lanes)
        await asyncio.sleep(ROUND_S if is_busy else IDLE_S)

    async def _claim(self) -> int:
        """For each lane that has room; two channels of one lane share it, the family's first."""
        if self._is_full():
            return 0
        claimed = 0
        for lane in self._lanes:
            for nth, channel in enumerate(lane.channels, 1):
                room = lane.room() * nth // len(lane.channels)
                claimed += await self._claim_for(lane, channel, room) if room else 0
        return claimed

    async def _claim_for(self, lane: Lane, channel: Channel, room: int) -> int:
        since = time.monotonic()
        try:
            claimed = await self._in_app(lambda: self._look_and_claim(channel, room))
        except IntegrityError:
            return 1  # another sender was quicker for one of these people: look again at once
        self._in_hand.update((message.id, message.token) for message in claimed)
        lane.take(claimed, room, since)
        return len(claimed)

    def _look_and_claim(self, channel: Channel, room: int) -> list[Claimed]:
        ctx = entry.now()
        self._witness.look(ctx)
        claimed = messaging.claim(ctx, self._journal.sender, room, channel)
        if claimed:
            self._witness.sent()
        return claimed

    def _is_full(self) -> bool:
        """Whether the journal has grown so much that it is emptied before it goes on."""
        is_idle = not (self._results or any(lane.is_busy for lane in self._lanes))
        if self._journal.size > journal.LARGEST and is_idle:
            self._journal.clear()
        return self._journal.size > journal.LARGEST

    async def _settle(self) -> None:
        results, self._results = self._results, []
        if not results:
            return
        try:
            await self._in_app(lambda: messaging.settle(entry.moment(), results))
        except BaseException:
            self._results = results + self._results
            raise
        self._in_hand.difference_update((result.id, result.token) for result in results)

    async def _recover(self) -> None:
        """Settle what dead senders left on this machine, and leases that ran out elsewhere."""
        if time.monotonic() - self._recovered_at < RECOVER_S:
            return
        for path in journal.journals(self._folder):
            await asyncio.to_thread(self._bury, path)
        await self._let_go()
        lost = await self._in_app(messaging.take_over)
        if lost:
            log.warning("sender: leases lost", messages=lost)
        await self._in_app(self._tell)
        self._recovered_at = time.monotonic()

    def _tell(self) -> None:
        stand = {lane.name: str(lane.breaker.state) for lane in self._lanes}
        messaging.tell_lanes(self._journal.sender, stand)

    async def _let_go(self) -> None:
        """Release what the database says is ours and we never got: a claim whose commit broke."""
        held = await self._in_app(lambda: messaging.held_by(self._journal.sender))
        strays = [Result(*key, messaging.RELEASED) for key in held if key not in self._in_hand]
        self._results += strays

    def _bury(self, path: Path) -> None:
        with journal.remains(path) as left, self._app.app_context(), transaction():
            if left is not None:
                held = messaging.held_by(left.sender)
                results = [Result(*key, left.outcome(key)) for key in held]
                messaging.settle(entry.moment(), results)
                log.warning("sender: predecessor", messages=len(results))

    async def _finish(self) -> None:
        """Let the calls begun end, give everything to the database, leave no journal."""
        ends = [lane.ended(2 * messaging.CALL_S) for lane in self._lanes]
        ended = await asyncio.gather(*ends)
        await self._settle()
        if all(ended):
            self._journal.remove()

    def _ask_token(self, stale: str | None) -> str:
        with self._app.app_context():
            return identity.wechat().access_token(stale)

    async def _in_app(self, act: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._committed, act)

    def _committed(self, act: Callable[[], T]) -> T:
        with self._app.app_context(), transaction():
            return act()
