"""A child process that writes to its own log, can be stopped, and cannot outlive us."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.kernel.process import arm


class LaunchError(Exception):
    """Something did not start; the text says what, and shows the last words of its log."""


@dataclass
class Child:
    """One program in a process group of its own; start and stop may be repeated.

    To be started from the main thread: the kernel ties a child's life to the thread that made it.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    user: int | None = None
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The running program's, None when it does not run."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start it, its words going to the log."""
        parent = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user is not None else None,
                start_new_session=True,
                preexec_fn=lambda: arm(self.death_signal, parent),  # noqa: PLW1509  # takes no lock
            )

    def await_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until it answers; it dying, or the time running out, is an error."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid is None:
                raise LaunchError(f"{self.name} ended while starting.\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"{self.name} did not answer within {seconds:.0f} s.\n{self.last_words()}"
                )
            time.sleep(0.02)

    def stop(self, seconds: float = 10) -> None:
        """Ask it to end, and insist when the time is up; whatever it started goes too."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End the whole group without asking."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """The tail of its log, with the place where the rest is."""
        words = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(
            [f"  {self.name} | {line}" for line in words[-lines:]] + [f"  ({self.log})"]
        )


def finish(child: Child, seconds: float, hear: Callable[[str], None] | None = None) -> None:
    """Run a program that does one thing to its end; `hear` is told each line as it is logged."""
    begin = child.log.stat().st_size if child.log.exists() else 0
    child.start()
    try:
        status = _ended(child, seconds) if hear is None else _heard(child, seconds, begin, hear)
    finally:
        child.kill()
    if status != 0:
        trouble = "took too long" if status is None else f"failed with status {status}"
        raise LaunchError(f"{child.name} {trouble}.\n{child.last_words()}")


def _ended(child: Child, seconds: float) -> int | None:
    assert child.process is not None  # noqa: S101  # only a started one is awaited
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.process.wait(seconds)
    return None


def _heard(child: Child, seconds: float, begin: int, hear: Callable[[str], None]) -> int | None:
    """As `_ended`, while its lines are passed on twice a second."""
    deadline, status = time.monotonic() + seconds, None
    with child.log.open(errors="replace") as lines:
        lines.seek(begin)
        while status is None and time.monotonic() < deadline:
            status = _ended(child, 0.5)
            for line in lines:
                hear(line.rstrip())
    return status
