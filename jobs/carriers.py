"""How a message leaves: WeChat with its token, or the SMS provider."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from backend import messaging
from backend.kernel.errors import Refusal
from backend.messaging import Claimed, Outcome
from config.sms_settings import SmsSettings

TOKEN_S = 30.0


class Carrier(Protocol):
    """A pool of connections to whoever carries, as long as the with-block lasts."""

    async def __aenter__(self) -> Self:
        """Open it."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""

    async def pack(self, message: Claimed) -> Any:
        """What `carry` needs; raises `NotReached`, and anything where the message is broken."""

    async def carry(self, message: Claimed, packed: Any, until: float) -> Outcome:
        """Hand it over; no second try after `until`. Raises `NotReached` or `NoAnswer`."""


class Tokens:
    """The access token, asked for in a thread, by one task at a time, anew every `TOKEN_S`."""

    def __init__(self, ask: Callable[[str | None], str]) -> None:
        self._ask, self._token, self._lock = ask, "", asyncio.Lock()
        self._fresh_until = 0.0

    async def get(self, stale: str | None = None) -> str:
        """The token, another one than `stale`; raises `NotReached`."""
        if self._token != stale and time.monotonic() <= self._fresh_until:
            return self._token
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


class WeChat:
    """微信, for residents, staff and families alike."""

    def __init__(
        self, base_url: str, concurrency: int, ask_token: Callable[[str | None], str]
    ) -> None:
        self._push = messaging.WeChatPush(base_url, concurrency)
        self._tokens = Tokens(ask_token)

    async def __aenter__(self) -> Self:
        """Open the pool."""
        await self._push.__aenter__()
        return self

    async def __aexit__(self, *ended: Any) -> None:
        await self._push.__aexit__(*ended)

    async def pack(self, message: Claimed) -> tuple[str, bytes]:
        """The token and the body."""
        body = messaging.body_of(message)
        return await self._tokens.get(), body

    async def carry(self, message: Claimed, packed: tuple[str, bytes], until: float) -> Outcome:
        """Once; again with another token where this one is not taken any more."""
        token, body = packed
        outcome = await self._attempt(message, token, body)
        if outcome.errcode in messaging.STALE_TOKEN and time.monotonic() < until:
            token = await self._tokens.get(stale=token)
            outcome = await self._attempt(message, token, body)
        return outcome

    async def _attempt(self, message: Claimed, token: str, body: bytes) -> Outcome:
        answer = await self._push.send(token, body)
        return messaging.judge(answer, message.attempts, datetime.fromtimestamp(time.time(), UTC))


class Texts:
    """短信."""

    def __init__(self, settings: SmsSettings, concurrency: int) -> None:
        self._push = messaging.SmsPush(settings, concurrency)

    async def __aenter__(self) -> Self:
        """Open the pool."""
        await self._push.__aenter__()
        return self

    async def __aexit__(self, *ended: Any) -> None:
        await self._push.__aexit__(*ended)

    async def pack(self, message: Claimed) -> messaging.Sms:
        """The text that was prepared at the claim."""
        if message.sms is None:
            raise ValueError("no text was prepared")
        return message.sms

    async def carry(self, message: Claimed, packed: messaging.Sms, _until: float) -> Outcome:
        """Once: the provider knows no idempotency key."""
        wall = datetime.fromtimestamp(time.time(), UTC)
        return await self._push.carry(packed, message.attempts, wall)
