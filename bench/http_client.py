"""`python -m bench.http_client`: keep-alive clients in one process of their own.

Standard input: a JSON object {port, clients, warm_up_s, seconds, good}, then one request a line as
a JSON array [method, path, headers, body]. Each request is sent once; the clients share them; an
answer is good when its status is `good`. Standard output: the run.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Run


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, load: "Load") -> None:
        self.load, self.answer, self.sent_at = load, b"", 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Send the next request, if the time is not over."""
        request = next(self.load.requests, None)
        self.sent_at = time.perf_counter()
        assert self.transport
        if request is None or self.sent_at >= self.load.until:
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Note the answer when it is whole."""
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if found and len(body) >= length_in(head):
            self.load.note(head.startswith(self.load.good), self.sent_at)
            self.answer = b""
            self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        """End this client."""
        self.load.ended()


class Load:
    """What the clients share."""

    def __init__(self, told: dict[str, Any], requests: Iterator[bytes]) -> None:
        self.requests, self.clients = requests, told["clients"]
        self.good = f"HTTP/1.1 {told['good']}".encode()
        self.measured_from = time.perf_counter() + told["warm_up_s"]
        self.until = self.measured_from + told["seconds"]
        self.times: list[float] = []
        self.done = self.errors = self.warmed = 0
        self.last_at = self.measured_from
        self.all_ended = asyncio.Event()

    def note(self, good: bool, sent_at: float) -> None:
        """Count an answer; those of the warm-up only when they are errors."""
        now = time.perf_counter()
        self.errors += not good
        if sent_at >= self.measured_from:
            self.done += good
            self.times.append(now - sent_at)
            self.last_at = now
        else:
            self.warmed += 1

    def ended(self) -> None:
        """One client less."""
        self.clients -= 1
        if not self.clients:
            self.all_ended.set()


def length_in(head: bytes) -> int:
    """The announced length of the body."""
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


def request(line: str, number: int) -> bytes:
    """One request as it goes over the wire, through a proxy, from one of 2,048 addresses."""
    method, path, headers, body = json.loads(line)
    content = b"" if body is None else json.dumps(body).encode()
    told = {
        "Host": "127.0.0.1",
        "X-Forwarded-For": f"10.0.{number >> 8 & 7}.{number & 255}",
        "Content-Type": "application/json",
        "Content-Length": len(content),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


async def run(told: dict[str, Any], requests: list[bytes]) -> Run:
    """Ask until the time is over or nothing is left to ask."""
    load, began = Load(told, iter(requests)), time.process_time()
    loop = asyncio.get_running_loop()
    for _ in range(told["clients"]):
        await loop.create_connection(lambda: Client(load), "127.0.0.1", told["port"])
    await asyncio.wait_for(load.all_ended.wait(), told["seconds"] + told["warm_up_s"] + 30)
    took, spent = load.last_at - load.measured_from, time.process_time() - began
    return Run(load.done, took, load.times, load.errors, load.warmed, spent)


def main() -> None:
    """Read, run, tell."""
    told = json.loads(sys.stdin.readline())
    requests = [request(line, number) for number, line in enumerate(sys.stdin)]
    print(asyncio.run(run(told, requests)).to_json())


if __name__ == "__main__":
    main()
