"""Tencent Cloud SMS over HTTP: SendSms of 2021-01-11, one message a call, many calls at a time."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import aiohttp

from backend.messaging.answers import Outcome, read
from backend.messaging.claims import Sms
from backend.messaging.gateway import ANSWER_S, CALL_S, CONNECT_S, IDLE_S, NoAnswer, NotReached
from backend.messaging.sms_answers import judge_sms
from backend.messaging.sms_signing import Signer, authorization
from config.sms_settings import SmsSettings

SERVICE, ACTION, VERSION = "sms", "SendSms", "2021-01-11"
CONTENT_TYPE = "application/json; charset=utf-8"


class SmsCarrier(Protocol):
    """Hands one text to the provider."""

    async def carry(self, sms: Sms, tried: int, wall: datetime) -> Outcome:
        """What it said, tried `tried` times before; raises `NotReached` or `NoAnswer`.

        The provider knows no idempotency key: a text without an answer is never handed over again.
        """


class SmsPush:
    """A pool of connections to the provider, as long as the with-block lasts."""

    def __init__(self, settings: SmsSettings, concurrency: int) -> None:
        self._settings, self._concurrency = settings, concurrency
        self._signer = Signer(settings.secret_id, settings.secret_key, SERVICE)
        self._host = urlsplit(settings.base_url).netloc

    async def __aenter__(self) -> Self:
        """Open the pool; idle connections are closed before the other side does so."""
        self._http = aiohttp.ClientSession(
            self._settings.base_url,
            connector=aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=IDLE_S),
            timeout=aiohttp.ClientTimeout(
                total=CALL_S, connect=CONNECT_S, sock_connect=CONNECT_S, sock_read=ANSWER_S
            ),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def carry(self, sms: Sms, tried: int, wall: datetime) -> Outcome:
        """Post once, signed at `wall` (real time); raises `NotReached` or `NoAnswer`."""
        answer = await self._send(body_of(sms, self._settings), wall)
        return judge_sms(answer, tried, wall, can_wait=sms.can_wait)

    async def _send(self, body: bytes, wall: datetime) -> Mapping[str, Any] | None:
        try:
            async with self._http.post(
                "/", headers=self._headers(body, wall), data=body, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise NotReached from failure
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            raise NoAnswer from failure
        return read(content)

    def _headers(self, body: bytes, wall: datetime) -> dict[str, str]:
        signed = {"content-type": CONTENT_TYPE, "host": self._host, "x-tc-action": ACTION}
        return {
            "Authorization": authorization(self._signer, signed, body, wall),
            "Content-Type": CONTENT_TYPE,
            "Host": self._host,
            "X-TC-Action": ACTION,
            "X-TC-Version": VERSION,
            "X-TC-Timestamp": str(int(wall.timestamp())),
            "X-TC-Region": self._settings.region,
        }


def body_of(sms: Sms, settings: SmsSettings) -> bytes:
    """The body of SendSms; the session context, which receipts may bring back, is our id."""
    content = {
        "PhoneNumberSet": [sms.phone],
        "SmsSdkAppId": settings.app_id,
        "SignName": settings.sign,
        "TemplateId": sms.template_id,
        "TemplateParamSet": list(sms.params),
        "SessionContext": str(sms.id),
    }
    return json.dumps(content, ensure_ascii=False).encode()
