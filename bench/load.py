"""What every benchmark over HTTP needs: a stack as in production, and clients beside it."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from backend.assembly import assemble, release
from bench.figures import Run
from bench.processor import spent_s
from config.settings import Settings
from tools.launch.placement import scratch_state
from tools.launch.process import Child
from tools.launch.service import Program, Service
from tools.launch.stack import Part, Stack, answers
from tools.launch.state import ROOT


@dataclass(frozen=True)
class Size:
    """How long, how many; `most` is a rate that no scenario is expected to pass."""

    seconds: float
    warm_up_s: float
    clients: int
    sessions: int
    most: int
    part: float = 1.0

    def of(self, whole: int) -> int:
        """How many of what an issue counts."""
        return max(1, round(whole * self.part))

    @property
    def attempts(self) -> int:
        """Enough of them for the whole time."""
        return int((self.seconds + self.warm_up_s) * self.most)


WHOLE = Size(seconds=8, warm_up_s=2, clients=16, sessions=50, most=6000)
QUICK = Size(seconds=0.5, warm_up_s=0.2, clients=4, sessions=3, most=1500, part=0.02)


@dataclass(frozen=True)
class Ask:
    """One request; without a body there is none."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def line(self) -> str:
        """As the client reads it."""
        return json.dumps(list(asdict(self).values()))


class Production(Stack):
    """The stack with the settings of production: real clock, fsync on."""

    def environment(self) -> dict[str, str]:
        """What the API is told."""
        told = {"ENV": "production", "TRUSTED_PROXIES": "127.0.0.1"}
        found = super().environment() | told
        return {name: value for name, value in found.items() if name != "SIMULATOR_URL"}


class Unlimited(Production):
    """The same without limits: few people ask more often than people would."""

    def environment(self) -> dict[str, str]:
        """What the API is told."""
        return super().environment() | {"ENV": "development", "LIMITS": "off"}


def run(
    name: str,
    words: str | None,
    arguments: Sequence[str],
    parts: Collection[Part],
    measure: Callable[[Stack, Size], int],
    *,
    kind: type[Production] = Production,
) -> int:
    """Start a stack of these parts and measure on it."""
    parser = argparse.ArgumentParser(prog=f"manage.py bench {name}", description=words)
    parser.add_argument("--quick", action="store_true", help="a second each, to see that it works")
    size = QUICK if parser.parse_args(arguments).quick else WHOLE
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with scratch_state() as state, kind(state, parts, given=given) as stack:
        return measure(stack, size)


@contextmanager
def served(stack: Stack, module: str, words: Sequence[str] = (), **settings: str) -> Iterator[int]:
    """Another server beside the product's, by the same means; its port."""
    port = stack.state.port(module)
    told = {"API_HOST": "127.0.0.1", "API_PORT": str(port), **settings}
    command = [sys.executable, "-m", module, *words]
    child = Child(module, command, stack.state.log(module), stack.environment() | told, ROOT)
    server = Program(child, port, lambda: answers(port, "/healthz"))
    server.start()
    try:
        yield port
    finally:
        server.stop()


@contextmanager
def issuing(environment: Mapping[str, str]) -> Iterator[None]:
    """Tokens of the stack's own keys can be issued inside."""
    app = assemble(Settings.from_env(environment))
    with app.app_context():
        yield
    release(app)


def over_http(port: int, size: Size, asked: Sequence[Ask], good: int = 200) -> Run:
    """Let the clients send them; `good` is the status of a good answer."""
    told = {"port": port, "good": good, **timing(size)}
    return in_process("bench.http_client", told, [one.line() for one in asked])


@contextmanager
def costing(*services: Service) -> Iterator[list[float]]:
    """Afterwards the list holds the processor seconds that these used meanwhile."""
    cost, before = list[float](), spent_s(*services)
    yield cost
    cost.append(spent_s(*services) - before)


def timing(size: Size) -> dict[str, Any]:
    """What every client is told."""
    return {"clients": size.clients, "warm_up_s": size.warm_up_s, "seconds": size.seconds}


def in_process(module: str, told: Mapping[str, Any], lines: Sequence[str]) -> Run:
    """A client in a process of its own."""
    return Run.from_json(spoken(module, told, lines))


def spoken(module: str, told: Mapping[str, Any], lines: Sequence[str]) -> str:
    """What a client in a process of its own answers."""
    words = "\n".join([json.dumps(told), *lines]) + "\n"
    found = subprocess.run(
        [sys.executable, "-m", module], input=words, stdout=subprocess.PIPE, text=True, check=True,
        cwd=ROOT, timeout=120,
    )  # fmt: skip
    return found.stdout
