"""The run's own programs, forked from a process that has imported everything: real, and at once."""

import os
import runpy
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from races import FORK

from tools.chaos.troupe import Troupe
from tools.launch.process import Child

FORKED = {"jobs.runner", "backend.kernel.migrate", "tools.launch.load_region"}


class _Process:
    """What a launcher asks of a process."""

    def __init__(self, process: Any) -> None:
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, seconds: float | None = None) -> int | None:
        self._process.join(seconds)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkedChild(Child):
    """Started, killed and frozen like any other."""

    def start(self) -> None:
        words = [*self.command[2:]]
        process = FORK.Process(target=become, args=(words, dict(self.environment), self.log))
        process.daemon = True
        process.start()
        self.process = _Process(process)  # type: ignore[assignment]

    def stop(self, seconds: float = 10) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(5)


def become(words: list[str], environment: dict[str, str], log: Path) -> None:
    """Be that program."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


class ForkedTroupe(Troupe):
    """All but the API and the servers of others are forked."""

    def _child(self, name: str, words: list[str], settings: Mapping[str, str]) -> Child:
        made = super()._child(name, words, settings)
        if words[0] not in FORKED:
            return made
        return ForkedChild(made.name, made.command, made.log, made.environment, made.folder)
