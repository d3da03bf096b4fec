"""Keeps the services of a stack alive until a signal comes."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.launch.process import LaunchError
from tools.launch.service import Service

FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 10.0, 30.0


class Stopped(BaseException):
    """A signal asked us to end."""


@dataclass
class Trouble:
    """How often a service failed of late, and when it is to be tried again."""

    pause: float = FIRST_PAUSE
    again_at: float | None = None
    started_at: float = 0.0

    def ended(self, now: float) -> None:
        """It is down: try again after a pause, longer each time unless it ran well."""
        if now - self.started_at > STEADY:
            self.pause = FIRST_PAUSE
        self.again_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


class Supervisor:
    """Looks at each service five times a second."""

    def __init__(
        self,
        services: Mapping[str, Service],
        say: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self.services = services
        self.say = say
        self.changed = changed
        self.troubles = {name: Trouble(started_at=time.monotonic()) for name in services}

    def watch(self) -> None:
        """Until a signal comes."""
        while True:
            for name, service in self.services.items():
                self.look(name, service, self.troubles[name])
            time.sleep(0.2)

    def look(self, name: str, service: Service, trouble: Trouble) -> None:
        """Notice that a service ended; start it again when its pause is over."""
        now = time.monotonic()
        if service.child and service.child.pid is not None:
            return
        if trouble.again_at is None:
            trouble.ended(now)
            self.say(f"{name} ended; it starts again.")
        elif now >= trouble.again_at:
            self.revive(service, trouble)

    def revive(self, service: Service, trouble: Trouble) -> None:
        """Start it; when that fails, wait longer."""
        trouble.started_at, trouble.again_at = time.monotonic(), None
        try:
            service.start()
        except LaunchError as problem:
            service.stop()
            trouble.ended(time.monotonic())
            self.say(str(problem))
        self.changed()


def stop_at_signals() -> None:
    """The first SIGINT, SIGTERM or SIGHUP stops us in good order; later ones change nothing.

    A caller who wants us to outlive the terminal (`nohup`) gets that.
    """

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)
