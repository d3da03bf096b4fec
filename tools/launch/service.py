"""What the supervisor can start, watch and stop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tools.launch.process import Child


class Service(Protocol):
    """A server that can be started again on the same port after it died."""

    port: int
    child: Child | None

    def start(self, seconds: float = ...) -> None:
        """Start, and wait until it answers."""

    def stop(self) -> None:
        """End in good order."""


@dataclass
class Program:
    """A program of ours as a service."""

    child: Child | None
    port: int
    ready: Callable[[], bool]

    def start(self, seconds: float = 60) -> None:
        """Start, and wait until it answers."""
        if self.child:
            self.child.kill()
            self.child.start()
            self.child.await_ready(self.ready, seconds)

    def stop(self) -> None:
        """End in good order."""
        if self.child:
            self.child.stop()
