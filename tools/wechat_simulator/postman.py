"""Carries callbacks to who agreed to hear them, as carelessly as it is told to."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from .letters import Agreed, Letter, posted

ANSWER_S, TRIES, CARRIERS, MOST_WAITING = 5.0, 3, 8, 100_000
SUCCESS = (b"success", b"")


@dataclass(frozen=True)
class Manner:
    """How letters go: so many `copies` each, `delay` seconds late, `turned` so many at a time
    the last one first, the next `lost` ones not at all; `pause` seconds before another try.
    """

    copies: int = 1
    delay: float = 0.0
    turned: int = 1
    lost: int = 0
    pause: float = 1.0


class Postman:
    """Without an agreement nothing is carried, and nothing kept."""

    def __init__(self, agreed: Agreed | None = None) -> None:
        self.forget(agreed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(CARRIERS)
        self._http: aiohttp.ClientSession | None = None

    def forget(self, agreed: Agreed | None) -> None:
        """Begin anew; what is on its way arrives."""
        self.agreed = agreed
        self.manner = Manner()
        self.counted: Counter[str] = Counter()
        self.failing: list[dict[str, Any]] = []
        self.tells_msgid = True
        self._held: list[Letter] = []

    def popup(self, openid: str, answers: dict[str, str], times: int = 1) -> None:
        """The popup was answered, so often, one second after another."""
        items = [_status(one, answer) | {"PopupScene": "0"} for one, answer in answers.items()]
        for back in range(times):
            self._write(openid, "subscribe_msg_popup_event", items, back)

    def changed(self, openid: str, template_ids: Iterable[str]) -> None:
        """These were switched off in the settings."""
        items = [_status(one, "reject") for one in template_ids]
        self._write(openid, "subscribe_msg_change_event", items)

    def sent(self, openid: str, template_id: str, msgid: int, errcode: int = 0) -> None:
        """What became of a push."""
        status = "failed" if errcode else "success"
        item = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": str(errcode)}
        self._write(openid, "subscribe_msg_sent_event", [item | {"ErrorStatus": status}])

    def lost(self) -> int:
        """A number for a push that is nowhere in the ledger."""
        self.counted["failed_after_all"] += 1
        return self.counted["failed_after_all"]

    def failure_of(self, openid: str) -> int:
        """The code with which the push to this person fails after all; 0 where it does not."""
        for one in self.failing:
            if one.get("openid") in {None, openid}:
                one["times"] -= 1
                self.failing = [other for other in self.failing if other["times"] > 0]
                return int(one["errcode"])
        return 0

    @property
    def waiting(self) -> int:
        """How many are held back or on their way."""
        return len(self._held) + len(self._tasks)

    def release(self) -> None:
        """Let go what is held back."""
        held, self._held = self._held, []
        if held:
            self._dispatch(held[::-1])

    async def close(self) -> None:
        """Stop; what was not delivered is lost, as WeChat's is."""
        for task in list(self._tasks):
            task.cancel()
        if self._http is not None:
            await self._http.close()

    def _write(self, openid: str, event: str, items: list[dict[str, str]], back: int = 0) -> None:
        if self.agreed is None or not items or self.waiting >= MOST_WAITING:
            return
        self.counted["written"] += 1
        if self.manner.lost > 0:
            self.manner = replace(self.manner, lost=self.manner.lost - 1)
            return
        self._held.append(Letter(openid, event, items, int(time.time()) - back))
        if len(self._held) >= self.manner.turned:
            self.release()

    def _dispatch(self, letters: list[Letter]) -> None:
        """Each copy by itself; letters that were turned keep that order."""
        for _ in range(self.manner.copies):
            task = asyncio.get_running_loop().create_task(self._carry_all(letters))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry_all(self, letters: list[Letter]) -> None:
        for letter in letters:
            await self._carry(letter)

    async def _carry(self, letter: Letter) -> None:
        await asyncio.sleep(self.manner.delay)
        for _ in range(TRIES):
            async with self._free:
                if await self._is_taken(letter):
                    self.counted["taken"] += 1
                    return
            self.counted["refused"] += 1
            await asyncio.sleep(self.manner.pause)
        self.counted["given_up"] += 1

    async def _is_taken(self, letter: Letter) -> bool:
        if self.agreed is None:
            return False
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        query, body = posted(self.agreed, letter)
        kind = "application/json" if self.agreed.language == "json" else "text/xml"
        try:
            async with self._http.post(
                self.agreed.url, params=query, data=body, headers={"Content-Type": kind}
            ) as answer:
                return answer.status == 200 and await answer.read() in SUCCESS
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def _status(template_id: str, answer: str) -> dict[str, str]:
    return {"TemplateId": template_id, "SubscribeStatusString": answer}
