"""The product as it is deployed, each loop of the jobs in processes of their own."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg

from tools.chaos.schedule import Target, names
from tools.launch.process import LaunchError
from tools.launch.service import Program
from tools.launch.stack import Part, Stack, answers

PARTS = [part for part in Part if part not in {Part.REGION, Part.API, Part.JOBS}]
# A crash is a matter of seconds here: nothing else lies on this disk that must be synced first.
SETTINGS = {"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}
LOOPS = {Target.SENDER: "sender", Target.SCHEDULER: "timetable", Target.RELAY: "relay"}
SERVICES = {Target.API: Part.API, Target.POSTGRES: Part.POSTGRES, Target.REDIS: Part.VALKEY}
LATENCY_S = 0.05
SHIFT = "UPDATE business_clock SET shift = shift + make_interval(secs => %s)"


class Troupe(Stack):
    """Servers of our own and nobody else's: what is killed here was started here."""

    def __init__(self, *words: object, **options: object) -> None:
        super().__init__(*words, **options)  # type: ignore[arg-type]
        self.resting = set[str]()  # what is down on purpose, and not to be started again
        self.frozen = dict[str, int]()

    def environment(self) -> dict[str, str]:
        """What the processes are told; the people of this run are busier than people are."""
        return super().environment() | {
            "LIMITS": "off",
            "API_WORKERS": "1",
            "DATABASE_POOL": "8",
            "SENDER_CONCURRENCY": "16",
            "LOG_LEVEL": "WARNING",
        }

    def __enter__(self) -> Self:
        """Start everything; returns when all of it is at work."""
        super().__enter__()
        try:
            self._hire()
            self._await_work()
        except BaseException:
            self.stop()
            raise
        return self

    def _hire(self) -> None:
        """The API while the region is loaded; two of each loop as soon as there are people."""
        port = self.state.port("api")
        told = {"API_HOST": "127.0.0.1", "API_PORT": str(port)}
        api = self._child(Part.API, ["tools.cli", "api"], told)
        self.services[Part.API] = Program(api, port, lambda: answers(port, "/readyz"))
        api.start()
        self.load_region()
        self.administer("CHECKPOINT")  # else the first crash would have all of this to repeat
        self.journals.mkdir(exist_ok=True)
        for target, loop in LOOPS.items():
            for name in names(target):
                child = self._child(name, ["jobs.runner", loop], {"PGAPPNAME": name})
                self.services[name] = Program(child, 0, lambda: True)
                child.start()

    def _await_work(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not (
            all(self.is_at_work(name) for target in Target for name in names(target))
            and self.ask("SELECT 1 FROM tick LIMIT 1")
        ):
            if time.monotonic() > deadline:
                raise LaunchError("the API and the jobs did not begin")
            time.sleep(0.05)

    @property
    def texts(self) -> Path:
        """What the SMS provider delivered."""
        return self.state.folder / "texts.jsonl"

    @property
    def journals(self) -> Path:
        """Where the senders keep what they have in hand."""
        return self.state.folder / "journal"

    def has(self, name: str) -> bool:
        """Whether it is part of this run; without a binary there is no cache."""
        return service_of(name) in self.services

    def pid(self, name: str) -> int | None:
        """The process of a name, `None` while it is down."""
        child = self.services[service_of(name)].child
        return child.pid if child else None

    def is_at_work(self, name: str) -> bool:
        """Whether it has begun: the API answers, a sender has a journal; others are believed."""
        pid, service = self.pid(name), self.services[service_of(name)]
        if pid is None:
            return False
        if name == Target.API:
            return answers(service.port, "/readyz")
        if name.startswith(Target.SENDER):
            return any(f"-{pid}-" in path.name for path in self.journals.iterdir())
        return True

    def kill(self, name: str) -> int | None:
        """Kill -9, with what it started; gives the number it had."""
        child, pid = self.services[service_of(name)].child, self.pid(name)
        if child and pid:
            child.kill()
        return pid

    def freeze(self, name: str) -> int | None:
        """SIGSTOP."""
        if pid := self.pid(name):
            self.frozen[name] = pid
            os.kill(pid, signal.SIGSTOP)
        return pid

    def thaw(self, name: str) -> None:
        """SIGCONT, if it is still the one that was frozen."""
        if (pid := self.frozen.pop(name, None)) and pid == self.pid(name):
            os.kill(pid, signal.SIGCONT)

    def at_rest(self) -> set[str]:
        """The services that are down on purpose."""
        return {service_of(name) for name in self.resting}

    def mend(self) -> None:
        """Start again what is down, as a supervisor does; who needs long is not waited for."""
        for name, service in self.services.items():
            if name in self.at_rest() or (service.child and service.child.pid):
                continue
            if isinstance(service, Program) and service.child:
                service.child.kill()
                service.child.start()
            else:
                service.start()

    def stop(self) -> None:
        """Stop everything, the frozen too."""
        for name in [*self.frozen]:
            self.thaw(name)
        super().stop()

    @contextlib.contextmanager
    def administering(self) -> Iterator[psycopg.Connection]:
        """The database as its administrator, a statement a transaction."""
        with psycopg.connect(self.urls.admin, autocommit=True, connect_timeout=5) as link:
            yield link

    def ask(self, words: LiteralString) -> list[tuple[Any, ...]]:
        """What the database says."""
        with self.administering() as link:
            return link.execute(words).fetchall()

    def administer(self, words: LiteralString, values: Sequence[object] = ()) -> bool:
        """One statement; False while the database is away."""
        try:
            with self.administering() as link:
                link.execute(words, values)
        except psycopg.OperationalError:
            return False
        return True


def service_of(name: str) -> str:
    """The service of the stack that a target's process is."""
    return SERVICES.get(name, name)  # type: ignore[call-overload,no-any-return]
