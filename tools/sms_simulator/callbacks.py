"""Receipts and replies, posted to the addresses a deployment entered with the provider."""

import asyncio
from typing import Any

import aiohttp

from .provider import Provider

TRIES, PAUSE_S, AT_ONCE = 3, 0.3, 100
OUTCOMES = {
    "fine": ("SUCCESS", "DELIVRD", "用户短信送达成功"),
    "off": ("FAIL", "UNDELIV", "关机、停机或不在服务区"),
    "dead": ("FAIL", "MK:0001", "空号"),
}


class Callbacks:
    """Posts until answered with result 0, three times at most, as the provider says it does."""

    def __init__(self, provider: Provider, receipts: str, replies: str) -> None:
        self.provider, self.given = provider, (receipts, replies)
        self.waiting: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.reset()

    def reset(self) -> None:
        """As at the start: receipts go out by themselves, without our own id in them."""
        self.receipts_url, self.replies_url = self.given
        self.automatic, self.delay_s, self.with_ext, self.repeat = True, 0.1, False, 1
        self.waiting.clear()
        self.log.clear()

    def delivered(self, texts: list[dict[str, Any]]) -> None:
        """Texts were handed over: what became of them is told a moment later."""
        self.waiting += [self._receipt(text) for text in texts]

    def _receipt(self, text: dict[str, Any]) -> dict[str, Any]:
        status, errmsg, description = OUTCOMES[self.provider.phone(text["phone"]).state]
        receipt = {
            "user_receive_time": self.provider.local().strftime("%Y-%m-%d %H:%M:%S"),
            "nationcode": "86",
            "mobile": text["phone"].removeprefix("+86"),
            "report_status": status,
            "errmsg": errmsg,
            "description": description,
            "sid": text["sid"],
        }
        return receipt | ({"ext": text["session"]} if self.with_ext else {})

    async def run(self, until: asyncio.Event) -> None:
        """Send what waits, over and over."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as self.http:
            while not until.is_set():
                if self.automatic and self.waiting:
                    await asyncio.sleep(self.delay_s)
                    await self.flush()
                await asyncio.sleep(0.02)

    async def flush(self) -> int:
        """Send the receipts that wait, a hundred at most in a call; returns how many."""
        some, self.waiting = self.waiting, []
        for start in range(0, len(some), AT_ONCE):
            for _ in range(self.repeat):
                await self.post(self.receipts_url, some[start : start + AT_ONCE])
        return len(some)

    async def reply(self, phone: str, text: str, times: int = 1) -> None:
        """A person answers; what is sent again is the same reply."""
        said = {
            "extend": "",
            "mobile": phone.removeprefix("+86"),
            "nationcode": "86",
            "sign": next(iter(self.provider.account.signs)),
            "text": text,
            "time": int(self.provider.now()),
        }
        for _ in range(times):
            await self.post(self.replies_url, said)

    async def post(self, url: str, body: Any) -> None:
        """One callback, again where it was not taken."""
        if not url:
            return
        for number in range(TRIES):
            taken, said = await self._once(url, body)
            self.log.append({"taken": taken, "said": said, "body": body})
            if taken:
                return
            await asyncio.sleep(PAUSE_S * (number + 1))

    async def _once(self, url: str, body: Any) -> tuple[bool, str]:
        try:
            async with self.http.post(url, json=body, allow_redirects=False) as answer:
                said = await answer.text()
                told = await answer.json(content_type=None) if answer.status == 200 else {}
                return told.get("result") == 0, f"{answer.status} {said[:200]}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            return False, type(failure).__name__
