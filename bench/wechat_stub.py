"""`python -m bench.wechat_stub`: a WeChat that always says yes, with as little work as can be.

Environment: STUB_PORT, LATENCY_S. Answers a token, a send (counted by person), and `/stats` with
{calls, people, most, overlaps}: `most` is how often the same person was written to at most,
`overlaps` how often while a call for that person was under way (43108). `/reset` begins anew.
"""

import asyncio
import json
import os
from collections import Counter

from backend.kernel.process import die_with_parent

TOKEN = b'{"access_token":"stub","expires_in":7200}'
BUSY = b'{"errcode":43108,"errmsg":"Cannot make concurrent calls to the same OpenID"}'
FIRST_MSGID = 1864323726461255680


class Counts:
    """What was asked so far."""

    def __init__(self) -> None:
        self.calls = self.overlaps = 0
        self.people: Counter[bytes] = Counter()
        self.under_way: set[bytes] = set()

    def told(self) -> bytes:
        """For the benchmark."""
        most = max(self.people.values(), default=0)
        told = {"calls": self.calls, "people": len(self.people), "most": most}
        return json.dumps(told | {"overlaps": self.overlaps}).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection of a client that waits for each answer."""

    counts, latency_s = Counts(), 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.asked = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self.asked += data
        head, found, body = self.asked.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.asked = b""
        if b"/subscribe/send" in head[:60]:
            self.send(body)
        elif head.startswith(b"POST /reset"):
            Connection.counts = Counts()
            self.answer(b"{}")
        else:
            self.answer(self.counts.told() if head.startswith(b"GET /stats") else TOKEN)

    def send(self, body: bytes) -> None:
        """One push, delivered at once and answered after the latency."""
        counts, openid = self.counts, body.split(b'"', 4)[3]
        if openid in counts.under_way:
            counts.overlaps += 1
            self.answer(BUSY)
            return
        counts.calls += 1
        counts.people[openid] += 1
        msgid = FIRST_MSGID + counts.calls
        said = b'{"errcode":0,"errmsg":"ok","msgid":%d}' % msgid
        if self.latency_s:
            counts.under_way.add(openid)
            asyncio.get_running_loop().call_later(self.latency_s, self.end, openid, said)
        else:
            self.answer(said)

    def end(self, openid: bytes, said: bytes) -> None:
        """The latency is over."""
        self.counts.under_way.discard(openid)
        self.answer(said)

    def answer(self, said: bytes) -> None:
        """200, and what is said."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(said) + said)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


async def serve(port: int, latency_s: float) -> None:
    """Until it is ended."""
    Connection.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve(int(os.environ["STUB_PORT"]), float(os.environ["LATENCY_S"])))
