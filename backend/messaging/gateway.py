"""WeChat's subscribeMessage.send over HTTP, many at a time."""

from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

import aiohttp
import orjson

from backend.messaging.answers import read
from backend.messaging.claims import Claimed

CONNECT_S, ANSWER_S, IDLE_S = 2.0, 8.0, 10.0
CALL_S = CONNECT_S + ANSWER_S
SEND = "/cgi-bin/message/subscribe/send"


class NotReached(Exception):
    """Nothing was sent."""


class NoAnswer(Exception):
    """It was sent, and nobody knows what became of it."""


class Push(Protocol):
    """Hands one message over."""

    async def send(self, token: str, body: bytes) -> Any:
        """The answer, `None` where it cannot be read; raises `NotReached` or `NoAnswer`."""


class WeChatPush:
    """A pool of connections to WeChat, as long as the with-block lasts."""

    def __init__(self, base_url: str, concurrency: int) -> None:
        self._base_url, self._concurrency = base_url, concurrency

    async def __aenter__(self) -> Self:
        """Open the pool; idle connections are closed before the other side does so."""
        self._http = aiohttp.ClientSession(
            self._base_url,
            connector=aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=IDLE_S),
            timeout=aiohttp.ClientTimeout(
                total=CALL_S, connect=CONNECT_S, sock_connect=CONNECT_S, sock_read=ANSWER_S
            ),
            headers={"Content-Type": "application/json"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def send(self, token: str, body: bytes) -> Any:
        """Post once; what another server than WeChat answers in its place cannot be read."""
        try:
            async with self._http.post(
                f"{SEND}?access_token={quote(token, safe='')}", data=body, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NotReached from failure
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            raise NoAnswer from failure
        return read(content) if answer.status == 200 else None


def body_of(message: Claimed) -> bytes:
    """The body of a send (§3.2); both optional members are always given."""
    data = {key: {"value": value} for key, value in orjson.loads(message.content).items()}
    content = {
        "touser": message.openid,
        "template_id": message.template_id,
        "page": message.page,
        "data": data,
        "miniprogram_state": "formal",
        "lang": "zh_CN",
    }
    return orjson.dumps(content)
