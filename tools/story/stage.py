"""Where the story is played: a running demo, or a stack of its own for as long as it lasts."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tools.launch import demo
from tools.launch.placement import scratch_state
from tools.launch.postgres import CALM
from tools.launch.stack import Part, Stack
from tools.launch.state import ROOT, State
from tools.story.client import Answer, Person, Server
from tools.story.telling import until

DOORS = {"resident": "resident"}


class Stage:
    """The servers, the cast, the clock, and a way to kill the jobs process."""

    def __init__(self, api: str, simulator: str, kill_jobs: Callable[[], None]) -> None:
        self.api, self.simulator = Server(api), Server(simulator)
        self.kill_jobs = kill_jobs
        self.paths = set(self.api.ask("GET", "/openapi.json")["paths"])
        told = self.api.ask("GET", "/api/v1/demo/people")
        self.home: dict[str, float] = told["home"]
        self.cast: dict[str, Any] = {one["key"]: one for one in told["people"]}

    def close(self) -> None:
        """End the connections."""
        self.api.close()
        self.simulator.close()

    def offers(self, *paths: str) -> bool:
        """Whether the API has all of these routes."""
        return {f"/api/v1{path}" for path in paths} <= self.paths

    def actor(self, key: str) -> Person:
        """One of the cast, logged in."""
        told = self.cast[key]
        door = DOORS.get(told["role"], "staff")
        person = Person(self.api, self.simulator, told["openid"], told["name"], door)
        person.log_in()
        return person

    def now(self) -> datetime:
        """The business instant."""
        return datetime.fromisoformat(self.api.ask("GET", "/api/v1/demo/clock")["now"])

    def move_clock(self, to: datetime) -> Answer:
        """Move business time forward, and wait until every process has noticed."""
        answer = self.api.ask("POST", "/api/v1/demo/clock", {"to": to.isoformat()})
        time.sleep(0.3)
        return answer


@contextlib.contextmanager
def found_or_started() -> Iterator[Stage]:
    """The running demo, or a stack on free ports that ends with the story."""
    there = demo.running(State(ROOT / ".jiayi"))
    if "api" in there:
        with contextlib.closing(
            Stage(there["api"], there["simulator"], kill_jobs_of_the_demo)
        ) as stage:
            yield stage
        return
    with scratch_state() as state, started(state) as stage:
        yield stage


@contextlib.contextmanager
def started(state: State, settings: Any = CALM) -> Iterator[Stage]:
    """A stack of its own; the caller's database is left alone."""
    given = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    with Stack(state, given=given, database_settings=settings) as stack:
        addresses = stack.api_url, stack.simulator_url
        with contextlib.closing(Stage(*addresses, lambda: kill_and_restart(stack))) as stage:
            yield stage


def kill_jobs_of_the_demo() -> None:
    """Kill -9; the demo's supervisor starts another, which is awaited."""
    state = State(ROOT / ".jiayi")
    before = state.read("demo.json")["children"]["jobs"]
    os.kill(before, signal.SIGKILL)
    until(lambda: state.read("demo.json")["children"].get("jobs", before), lambda p: p != before)


def kill_and_restart(stack: Stack) -> None:
    """Kill -9, and start another as the supervisor would."""
    jobs = stack.services[Part.JOBS]
    if jobs.child and jobs.child.pid:
        os.kill(jobs.child.pid, signal.SIGKILL)
    jobs.start()
