"""`bench sender`: due reminders handed to WeChat, beside the same calls without a database."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from bench import load, reminders
from bench.load import Size
from bench.processor import of_tree
from tools.launch.process import Child
from tools.launch.service import Program
from tools.launch.stack import Part, Stack, answers
from tools.launch.state import ROOT

NAME = "sender"
PARTS = [Part.POSTGRES, Part.SCHEMA]
MANY, MORNING, LOAD_PER_S, LOAD_S = 100_000, 10_000, 20, 15
CONCURRENCY = 64
LONGEST_S, LOADED_PER_S = 180, 10_000
TOLD = """
SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state NOT IN ('queued',
  'sending')), percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY
  extract(epoch FROM sent_at - due_at)), extract(epoch FROM max(sent_at) - min(sent_at))
FROM message WHERE to_resident_id = ANY(%s)
"""
LEFT = "SELECT count(*) FROM message WHERE state IN ('queued', 'sending')"


@dataclass(frozen=True)
class Scenario:
    """So many reminders at a latency, and so many jobs processes; `apart_s`: not all at once."""

    name: str
    many: int
    latency_s: float = 0.0
    processes: int = 1
    apart_s: float = 0.0


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything failed or was sent twice."""
    return load.run(NAME, __doc__, arguments, PARTS, measure, kind=load.Unlimited)


def measure(stack: Stack, size: Size) -> int:
    """The bare client at each latency, then the senders."""
    many, fewer = size.of(MANY), max(200, size.of(MORNING))
    scenarios = [
        Scenario("0ms", many),
        Scenario("0ms-two", many, processes=2),
        Scenario("50ms", size.of(MANY // 5), 0.05),
        Scenario("morning", fewer),
        Scenario("normal", LOAD_PER_S * LOAD_S, apart_s=1 / LOAD_PER_S),
    ]
    wrong = 0
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        reminders.at_ten(link)
        known = reminders.people(link, many)
        bare = {one: bare_rate(stack, one, fewer if one else many) for one in (0.0, 0.05)}
        for scenario in scenarios:
            wrong += sent(stack, link, scenario, known.residents, bare[scenario.latency_s])
    return 1 if wrong else 0


def bare_rate(stack: Stack, latency_s: float, many: int) -> float:
    """The same client without a database, per second."""
    with stub(stack, latency_s) as url:
        told = {"base_url": url, "concurrency": CONCURRENCY, "messages": many}
        found = json.loads(load.spoken("bench.bare_sender", told, []))
    print(json.dumps({"name": NAME, "scenario": f"bare-{latency_s * 1000:.0f}ms", **found}))
    return float(found["rate_per_s"])


def sent(
    stack: Stack, link: psycopg.Connection, one: Scenario, residents: Sequence[UUID], bare: float
) -> int:
    """Queue, send, and print the line; how many things were wrong."""
    told = residents[: one.many]
    link.execute("TRUNCATE message, message_step, credit CASCADE")
    with ExitStack() as open_:
        url = open_.enter_context(stub(stack, one.latency_s))
        senders = [open_.enter_context(sender(stack, url, n)) for n in range(one.processes)]
        first, postgres = rss_mb(senders), stack.services[Part.POSTGRES].child
        assert postgres
        reminders.queue(link, told, loaded_by(link, one.many), one.apart_s)
        before = cpu_s(senders), cpu_s([postgres])
        last = watched(link, senders)
        after = cpu_s(senders), cpu_s([postgres])
        counted = json.loads(urllib.request.urlopen(f"{url}/stats", timeout=10).read())
    row = link.execute(TOLD, [list(told)]).fetchone()
    assert row
    arrived, ended, (p50, p99), seconds = row
    rate = arrived / float(seconds)
    wrong = ended - arrived + len(told) - ended
    line = {
        "name": NAME, "scenario": one.name, "rate_per_s": round(rate, 1),
        "ratio_to_bare": None if one.apart_s else round(rate / bare, 3),
        "handed_over_p50_s": round(p50, 3), "handed_over_p99_s": round(p99, 3),
        "drained_s": round(float(seconds), 2), "errors": wrong,
        "doubled": counted["calls"] - counted["people"], "overlaps": counted["overlaps"],
        "rss_mb_start": first, "rss_mb_end": last,
        "cpu_ms_sender": per_message(before[0], after[0], len(told)),
        "cpu_ms_postgres": per_message(before[1], after[1], len(told)),
    }  # fmt: skip
    print(json.dumps(line), flush=True)
    return int(wrong + line["doubled"])


def loaded_by(link: psycopg.Connection, many: int) -> datetime:
    """The business instant at which so many will be in the database, and due."""
    row = link.execute("SELECT now() + shift FROM business_clock").fetchone()
    assert row
    now: datetime = row[0]
    return now + timedelta(seconds=3 + many / LOADED_PER_S)


def watched(link: psycopg.Connection, senders: Sequence[Child]) -> float:
    """Wait for the last one; the memory of a sender then."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        row = link.execute(LEFT).fetchone()
        if row == (0,):
            break
        time.sleep(0.3)
    return rss_mb(senders)


def cpu_s(programs: Sequence[Child]) -> float:
    """The processor seconds of these so far."""
    return sum(of_tree(one.pid) for one in programs if one.pid)


def per_message(before: float, after: float, many: int) -> float:
    """Milliseconds of a processor for one message."""
    return round(1000 * (after - before) / many, 3)


def rss_mb(senders: Sequence[Child]) -> float:
    """The largest one's memory, where the machine tells."""
    pages = [int(Path(f"/proc/{one.pid}/statm").read_text().split()[1]) for one in senders]
    return round(max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


@contextmanager
def sender(stack: Stack, url: str, number: int) -> Iterator[Child]:
    """A jobs process that only sends."""

    told = {"WECHAT_BASE_URL": url, "SENDER_CONCURRENCY": str(CONCURRENCY), "ENV": "demo"}
    journals = stack.state.folder / f"journal-{number}"
    told["JOURNAL_DIR"] = str(journals)
    command = [sys.executable, "-m", "jobs.runner", "sender"]
    log = stack.state.log(f"sender-{number}")
    child = Child("sender", command, log, stack.environment() | told, ROOT)
    child.start()
    try:
        child.await_ready(lambda: any(journals.glob("*.jsonl")), 60)
        yield child
    finally:
        child.stop()


@contextmanager
def stub(stack: Stack, latency_s: float) -> Iterator[str]:
    """A WeChat of so much latency; its address."""

    port = stack.state.port("stub")
    told = {"STUB_PORT": str(port), "LATENCY_S": str(latency_s)}
    command = [sys.executable, "-m", "bench.wechat_stub"]
    child = Child("stub", command, stack.state.log("stub"), os.environ | told, ROOT)
    server = Program(child, port, lambda: answers(port, "/stats"))
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
