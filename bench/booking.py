"""`bench booking`: the whole stack, beside the bare server and the raw statement."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from backend.assembly import assemble, release
from backend.identity.tokens import Holder, issue
from backend.kernel.ids import new_id
from bench.clinics import People, Sessions, oversold
from bench.figures import Run, ratio, show
from config.settings import Settings
from tools.launch.placement import scratch_state
from tools.launch.process import Child
from tools.launch.service import Program
from tools.launch.stack import Part, Stack, answers
from tools.launch.state import ROOT

NAME = "booking"
PATH = "/api/v1/resident/bookings"
PARTS = [Part.POSTGRES, Part.VALKEY, Part.SCHEMA, Part.API]


@dataclass(frozen=True)
class Size:
    """How long, how many; `most` is a rate that no scenario is expected to pass."""

    seconds: float
    warm_up_s: float
    clients: int
    sessions: int
    most: int

    @property
    def attempts(self) -> int:
        """Enough of them for the whole time."""
        return int((self.seconds + self.warm_up_s) * self.most)


WHOLE = Size(seconds=8, warm_up_s=2, clients=16, sessions=50, most=6000)
QUICK = Size(seconds=0.5, warm_up_s=0.2, clients=4, sessions=3, most=1500)


class Production(Stack):
    """The stack with the settings of production: real clock, nothing simulated, fsync on."""

    def environment(self) -> dict[str, str]:
        """What the API is told."""
        told = {"ENV": "production", "TRUSTED_PROXIES": "127.0.0.1"}
        found = super().environment() | told
        return {name: value for name, value in found.items() if name != "SIMULATOR_URL"}


def main(arguments: Sequence[str]) -> int:
    """Run every scenario; the status is 1 if anything was oversold or failed."""
    parser = argparse.ArgumentParser(prog="manage.py bench booking", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a second each, to see that it works")
    size = QUICK if parser.parse_args(arguments).quick else WHOLE
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with scratch_state() as state, Production(state, PARTS, given=given) as stack:
        return measure(stack, size)


def measure(stack: Stack, size: Size) -> int:
    """All scenarios on one database, the baselines first."""
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        spread, hot = size.sessions, 1
        bare = bare_run(stack, size)
        show(NAME, "bare", bare, ratio_to_raw=None, ratio_to_bare=1.0, oversold=0)
        wrong = bare.errors
        for scenario, many in (("spread", spread), ("hot", hot)):
            raw = raw_run(stack, size, link, many)
            sold_twice = oversold(link)
            show(
                NAME, f"raw-{scenario}", raw,
                ratio_to_raw=1.0, ratio_to_bare=ratio(raw, bare), oversold=sold_twice,
            )  # fmt: skip
            run = stack_run(stack, size, link, many)
            sold_twice += oversold(link)
            show(
                NAME, scenario, run,
                ratio_to_raw=ratio(run, raw), ratio_to_bare=ratio(run, bare), oversold=sold_twice,
            )  # fmt: skip
            wrong += raw.errors + run.errors + sold_twice
    return 1 if wrong else 0


def stack_run(stack: Stack, size: Size, link: psycopg.Connection, many: int) -> Run:
    """Bookings through the API, each by another resident."""
    people = People.make(link, size.attempts)
    sessions = Sessions.make(link, many, size.attempts)
    lines = requests(stack, people, sessions)
    run = over_http(stack.services[Part.API].port, size, lines)
    sessions.close(link)
    return run


def bare_run(stack: Stack, size: Size) -> Run:
    """The same requests to the server without a database."""
    port = stack.state.port("bare")
    settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port)}
    command = [sys.executable, "-m", "bench.bare"]
    child = Child("bare", command, stack.state.log("bare"), stack.environment() | settings, ROOT)
    server = Program(child, port, lambda: answers(port, "/healthz"))
    server.start()
    try:
        ids = [new_id() for _ in range(5000)]
        tokens = requests(stack, People(ids, ids, ids), Sessions([new_id()]))
        again = (tokens * (4 * size.attempts // len(tokens) + 1))[: 4 * size.attempts]
        return over_http(port, size, again)
    finally:
        server.stop()


def raw_run(stack: Stack, size: Size, link: psycopg.Connection, many: int) -> Run:
    """The claim's statement alone."""
    people = [new_id() for _ in range(2 * size.attempts)]
    sessions = Sessions.make(link, many, len(people))
    told = {"url": stack.urls.app, **timing(size)}
    run = in_process("bench.raw_client", told, [f"{a} {b}" for a, b in pairs(people, sessions)])
    sessions.close(link)
    return run


def requests(stack: Stack, people: People, sessions: Sessions) -> list[str]:
    """One request for each account, over all sessions in turn."""
    with issuing(stack.environment()):
        return [
            f"{issue(Holder.RESIDENT, account, login).text} {person} {new_id()} "
            + json.dumps({"session_id": str(session)})
            for (account, session), person, login in zip(
                pairs(people.accounts, sessions), people.residents, people.sessions, strict=True
            )
        ]


def pairs(people: Sequence[UUID], sessions: Sessions) -> Iterator[tuple[UUID, UUID]]:
    """Everybody with a session, in turn."""
    for n, person in enumerate(people):
        yield person, sessions.ids[n % len(sessions.ids)]


@contextmanager
def issuing(environment: Mapping[str, str]) -> Iterator[None]:
    """Tokens of the stack's own keys can be issued inside."""
    app = assemble(Settings.from_env(environment))
    with app.app_context():
        yield
    release(app)


def over_http(port: int, size: Size, lines: Sequence[str]) -> Run:
    """Let the clients send them."""
    return in_process("bench.http_client", {"port": port, "path": PATH, **timing(size)}, lines)


def timing(size: Size) -> dict[str, Any]:
    """What every client is told."""
    return {"clients": size.clients, "warm_up_s": size.warm_up_s, "seconds": size.seconds}


def in_process(module: str, told: Mapping[str, Any], lines: Sequence[str]) -> Run:
    """A client in a process of its own."""
    words = "\n".join([json.dumps(told), *lines]) + "\n"
    found = subprocess.run(
        [sys.executable, "-m", module], input=words, stdout=subprocess.PIPE, text=True, check=True,
        cwd=ROOT, timeout=120,
    )  # fmt: skip
    return Run.from_json(found.stdout)
