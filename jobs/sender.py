"""Sends what is due to WeChat: claims in batches, calls at once, settles in batches.

No transaction is open during a call. What a call brought is kept in memory and in the journal
until the database has it; what is in doubt becomes `unknown` and is not sent again.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TypeVar
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from backend import identity, messaging
from backend.kernel import entry
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from backend.messaging import Claimed, Outcome, Push, Result
from config.settings import Settings
from jobs import journal
from jobs.witness import Witness

log = structlog.get_logger(__name__)
T = TypeVar("T")

IDLE_S = 0.2
ROUND_S = 0.02
RECOVER_S = 5.0
TOKEN_S = 30.0
# A call begins only where its lease outlasts it, a second try with a new token included.
LATEST_START_S = messaging.LEASE_S - 2 * messaging.CALL_S


class Tokens:
    """The access token, asked for in a thread, by one task at a time, anew every `TOKEN_S`."""

    def __init__(self, ask: Callable[[str | None], str]) -> None:
        self._ask, self._token, self._lock = ask, "", asyncio.Lock()
        self._fresh_until = 0.0

    async def get(self, stale: str | None = None) -> str:
        """The token, another one than `stale`; raises `NotReached`."""
        async with self._lock:
            if time.monotonic() > self._fresh_until or self._token == stale:
                self._token = await self._asked(stale)
                self._fresh_until = time.monotonic() + TOKEN_S
            return self._token

    async def _asked(self, stale: str | None) -> str:
        """While none can be had, the one at hand is tried: it is refused if it is over."""
        try:
            return await asyncio.to_thread(self._ask, stale)
        except Refusal as failure:
            if self._token and self._token != stale:
                return self._token
            raise messaging.NotReached from failure


class Sender:
    """One sender: any number may run, on any number of machines."""

    def __init__(self, app: Flask, came_round: Callable[[], None] = lambda: None) -> None:
        self._app, self._came_round = app, came_round
        settings: Settings = app.extensions["settings"]
        self._base_url, self._folder = settings.wechat_base_url, settings.journal_dir
        self._concurrency = settings.sender_concurrency
        self._witness = Witness(self._folder)
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._in_hand: set[tuple[UUID, UUID]] = set()
        self._halted_until = self._recovered_at = 0.0

    async def run(self, stopped: Event) -> None:
        """Send until asked to stop; then finish the calls begun."""
        self._slots = asyncio.Semaphore(self._concurrency)
        self._tokens = Tokens(self._ask_token)
        self._journal = journal.Journal(self._folder)
        try:
            async with messaging.WeChatPush(self._base_url, self._concurrency) as self._push:
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
        if self._tasks:
            pause = ROUND_S if claimed else IDLE_S
            await asyncio.wait(self._tasks, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(0 if claimed or self._results else IDLE_S)

    async def _claim(self) -> int:
        room = 2 * self._concurrency - len(self._tasks)
        if room < self._concurrency or time.monotonic() < self._halted_until or self._is_full():
            return 0
        since = time.monotonic()
        try:
            claimed = await self._in_app(lambda: self._look_and_claim(room))
        except IntegrityError:
            return 1  # another sender was quicker for one of these people: look again at once
        for message in claimed:
            self._in_hand.add((message.id, message.token))
            task = asyncio.create_task(self._deliver(message, since + LATEST_START_S))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(claimed)

    def _look_and_claim(self, room: int) -> list[Claimed]:
        ctx = entry.now()
        self._witness.look(ctx)
        claimed = messaging.claim(ctx, self._journal.sender, room)
        if claimed:
            self._witness.sent()
        return claimed

    def _is_full(self) -> bool:
        """Whether the journal has grown so much that it is emptied before it goes on."""
        if self._journal.size > journal.LARGEST and not self._tasks and not self._results:
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
        self._recovered_at = time.monotonic()

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

    async def _deliver(self, message: Claimed, until: float) -> None:
        async with self._slots:
            late = time.monotonic() > until or time.monotonic() < self._halted_until
            outcome = messaging.RELEASED if late else await self._call(message, until)
        if outcome.halt_s:
            self._halted_until = max(self._halted_until, time.monotonic() + outcome.halt_s)
        if outcome.alarming:
            told = {"errcode": outcome.errcode, "rid": outcome.rid, "field": outcome.field}
            log.error("sender: refused", reason=outcome.reason, **told)
        self._results.append(Result(message.id, message.token, outcome))

    async def _call(self, message: Claimed, until: float) -> Outcome:
        """One message; whatever is wrong with it stays with it."""
        try:
            body = messaging.body_of(message)
        except Exception as defect:
            log.error("sender: defect", message=str(message.id), error=type(defect).__name__)
            return messaging.DEFECT
        try:
            token = await self._tokens.get()
            self._journal.started(message)
        except (messaging.NotReached, OSError):
            return messaging.NOT_REACHED
        outcome = await self._outcome(message, token, body, until)
        self._journal.ended(Result(message.id, message.token, outcome))
        return outcome

    async def _outcome(self, message: Claimed, token: str, body: bytes, until: float) -> Outcome:
        try:
            outcome = await self._attempt(message, token, body)
            if outcome.errcode in messaging.STALE_TOKEN and time.monotonic() < until:
                token = await self._tokens.get(stale=token)
                outcome = await self._attempt(message, token, body)
        except messaging.NotReached:
            return messaging.NOT_REACHED
        except messaging.NoAnswer:
            return messaging.NO_ANSWER
        except Exception as defect:
            log.error("sender: in doubt", message=str(message.id), error=type(defect).__name__)
            return messaging.IN_DOUBT
        return outcome

    async def _attempt(self, message: Claimed, token: str, body: bytes) -> Outcome:
        push: Push = self._push
        answer = await push.send(token, body)
        return messaging.judge(answer, message.attempts, datetime.fromtimestamp(time.time(), UTC))

    async def _finish(self) -> None:
        """Let the calls begun end, give everything to the database, leave no journal."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * messaging.CALL_S)
        await self._settle()
        if not self._tasks:
            self._journal.remove()

    def _ask_token(self, stale: str | None) -> str:
        with self._app.app_context():
            return identity.wechat().access_token(stale)

    async def _in_app(self, act: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._committed, act)

    def _committed(self, act: Callable[[], T]) -> T:
        with self._app.app_context(), transaction():
            return act()
