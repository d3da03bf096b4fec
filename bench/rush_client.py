"""`python -m bench.rush_client`: everybody at once, each on a connection of their own.

Standard input: a JSON object {port, seconds}, then one request a line as for `bench.http_client`.
Each phone connects, sends its one request and waits for at most `seconds`. Standard output: a JSON
object {answered_in_s, statuses, times, unanswered}: from the first connection to the last answer,
how many answers of each status, the time of each in seconds, how many got none.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from typing import Any

from bench.http_client import length_in, request


class Phone(asyncio.Protocol):
    """One connection and its one request."""

    def __init__(self, crowd: "Crowd", words: bytes) -> None:
        self.crowd, self.words, self.answer = crowd, words, b""
        self.began = time.perf_counter()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.words)

    def data_received(self, data: bytes) -> None:
        """Note the answer when it is whole."""
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if found and len(body) >= length_in(head):
            self.crowd.note(int(head.split(b" ", 2)[1]), self.began)
            assert self.transport
            self.transport.close()


class Crowd:
    """Those who wait, and what they were answered."""

    def __init__(self, many: int) -> None:
        self.left, self.statuses = many, Counter[int]()
        self.times: list[float] = []
        self.began = self.last = time.perf_counter()
        self.all_answered = asyncio.Event()

    def note(self, status: int, asked_at: float) -> None:
        """Count an answer."""
        self.last = time.perf_counter()
        self.statuses[status] += 1
        self.times.append(self.last - asked_at)
        self.left -= 1
        if not self.left:
            self.all_answered.set()


async def run(told: dict[str, Any], requests: list[bytes]) -> dict[str, Any]:
    """Let all of them go, and wait for all of them."""
    crowd, loop = Crowd(len(requests)), asyncio.get_running_loop()

    async def one(words: bytes) -> None:
        await loop.create_connection(lambda: Phone(crowd, words), "127.0.0.1", told["port"])

    phones = [asyncio.create_task(one(words)) for words in requests]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(crowd.all_answered.wait(), told["seconds"])
    for phone in phones:
        phone.cancel()
    return {
        "answered_in_s": crowd.last - crowd.began,
        "statuses": crowd.statuses,
        "times": crowd.times,
        "unanswered": crowd.left,
    }


def main() -> None:
    """Read, run, tell."""
    told = json.loads(sys.stdin.readline())
    requests = [request(line, number) for number, line in enumerate(sys.stdin)]
    print(json.dumps(asyncio.run(run(told, requests))))


if __name__ == "__main__":
    main()
