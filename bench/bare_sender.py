"""`python -m bench.bare_sender`: the sender's own client, and no database.

Standard input: {base_url, concurrency, messages}. The same bodies, the same pool of connections,
the same judging of the answers. Standard output: {rate_per_s, errors}.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from backend import messaging
from backend.kernel.ids import new_id
from backend.messaging import Claimed, MessageKind, State

CONTENT = '{"thing1": "您有一次健康随访，请点开查看", "date2": "2026年11月23日"}'


def messages(many: int) -> Iterator[Claimed]:
    """So many to as many people."""
    for n in range(many):
        where = (f"bare-{n:023d}", "JIAYI-FOLLOW-UP", "pages/follow-ups/detail?id=1")
        yield Claimed(new_id(), new_id(), MessageKind.FOLLOW_UP_DUE, *where, CONTENT, 0)


async def send(push: messaging.WeChatPush, waiting: Iterator[Claimed]) -> int:
    """One connection's share; how many did not arrive."""
    errors = 0
    for message in waiting:
        answer = await push.send("stub", messaging.body_of(message))
        outcome = messaging.judge(answer, 0, datetime.now(UTC))
        errors += outcome.state is not State.SENT
    return errors


async def run(base_url: str, concurrency: int, many: int) -> dict[str, float]:
    """All of them."""
    waiting = messages(many)
    async with messaging.WeChatPush(base_url, concurrency) as push:
        began = time.perf_counter()
        errors = sum(await asyncio.gather(*(send(push, waiting) for _ in range(concurrency))))
        rate, cpu_ms = many / (time.perf_counter() - began), 1000 * time.process_time() / many
        return {"rate_per_s": round(rate, 1), "errors": errors, "cpu_ms_client": round(cpu_ms, 3)}


if __name__ == "__main__":
    told = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(run(told["base_url"], told["concurrency"], told["messages"]))))
