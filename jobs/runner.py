"""The jobs process: APScheduler ticks, PostgreSQL says what is due and who does it.

Any number of these processes may run. A loop that stops ticking for too long ends the process,
so that whatever supervises it starts another.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from threading import Event, Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from backend import messaging
from backend.assembly import assemble
from backend.kernel import entry, rights, ticks
from backend.kernel.transaction import transaction
from config.settings import Settings
from jobs import auditing, relay, sms, wechat
from jobs.sender import Sender
from jobs.timetable import TIMETABLE, Job

log = structlog.get_logger(__name__)

TICK_S = 1.0
RELAY_S = 0.2
EVENTS_S = 0.5
SEAL_S = 1.0
SILENCE_S = 600.0
LAST_CALLS_S = 25.0
LOOPS = ("timetable", "relay", "seal", "wechat", "sms", "sender")


class Pulse:
    """When each loop last came round; the watchdog reads it."""

    def __init__(self, name: str) -> None:
        self.name, self.at = name, time.monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since the loop last came round."""
        return time.monotonic() - self.at


def look(app: Flask, timetable: list[Job]) -> None:
    """Run every job whose present slot nobody has claimed yet."""
    for job in timetable:
        with app.app_context():
            if (slot := _mine(job)) is not None:
                _work(job, slot)


def _mine(job: Job) -> int | None:
    slot = ticks.slot_of(entry.moment(), job.every)
    with transaction():
        return slot if ticks.claim(job.name, slot, job.every) else None


def _work(job: Job, slot: int) -> None:
    """A sweep that fails keeps no other from running.

    It is tried again at its next slot, or when nobody has done this one for some minutes.
    """
    began = time.monotonic()
    try:
        done = job.sweep()
        with transaction():
            ticks.finish(job.name, slot)
    except Exception as failure:
        log.error("job failed", job=job.name, error=type(failure).__name__, exc_info=failure)
        return
    took = round((time.monotonic() - began) * 1000)
    log.info("job", job=job.name, done=done, ms=took)


def looping(pulse: Pulse, act: Callable[[], object]) -> Callable[[], None]:
    """A tick that survives any failure and tells the watchdog that it came round."""

    def tick() -> None:
        try:
            act()
        except Exception as failure:
            log.error(
                "tick failed", loop=pulse.name, error=type(failure).__name__, exc_info=failure
            )
        pulse.at = time.monotonic()

    return tick


def start(app: Flask, wanted: Collection[str] = LOOPS) -> tuple[BackgroundScheduler, list[Pulse]]:
    """The scheduler with its loops; a late tick is run once, never dropped."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    loops: list[tuple[str, float, Callable[[], object]]] = [
        ("timetable", TICK_S, lambda: look(app, TIMETABLE)),
        ("relay", RELAY_S, lambda: _in(app, relay.drain)),
        ("seal", SEAL_S, lambda: _in(app, auditing.seal)),
        ("wechat", EVENTS_S, lambda: _in(app, wechat.apply_events)),
        ("sms", EVENTS_S, lambda: _in(app, sms.apply_heard)),
    ]
    loops = [loop for loop in loops if loop[0] in wanted]
    pulses = [Pulse(name) for name, _, _ in loops]
    for pulse, (_, seconds, act) in zip(pulses, loops, strict=True):
        scheduler.add_job(looping(pulse, act), "interval", seconds=seconds, id=pulse.name)
    scheduler.start()
    return scheduler, pulses


def _in(app: Flask, act: Callable[[], int]) -> None:
    with app.app_context():
        act()


def start_sender(app: Flask, stopped: Event) -> tuple[Thread, Pulse]:
    """The sender in a thread of its own, with a loop of its own."""
    pulse = Pulse("sender")

    def came_round() -> None:
        pulse.at = time.monotonic()

    def send() -> None:
        while not stopped.is_set():
            try:
                asyncio.run(Sender(app, came_round).run(stopped))
            except Exception as failure:  # the next one finds its journal
                log.error("sender failed", error=type(failure).__name__, exc_info=failure)
                stopped.wait(TICK_S)

    thread = Thread(target=send, name="sender", daemon=True)
    thread.start()
    return thread, pulse


def watch(pulses: list[Pulse], stopped: Event) -> int:
    """Wait until asked to stop (0), or until a loop has been silent for too long (1)."""
    while not stopped.wait(1.0):
        silent = [pulse.name for pulse in pulses if pulse.silent_s > SILENCE_S]
        if silent:
            log.error("silent loops", loops=silent)
            return 1
    return 0


def main(wanted: Collection[str] = LOOPS) -> int:
    """Run the loops named (all of them) until SIGTERM or SIGINT."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    settings = Settings.from_env(os.environ)
    app = assemble(settings)
    rights.enforce(app)
    scheduler, pulses = start(app, wanted)
    senders = [start_sender(app, stopped)] if "sender" in wanted else []
    if "sender" in wanted:
        Thread(target=_in, args=(app, messaging.tell_template_differences), daemon=True).start()
    log.info("jobs started", loops=sorted(wanted), sms_is_offered=settings.sms is not None)
    status = watch([*pulses, *(pulse for _, pulse in senders)], stopped)
    stopped.set()
    scheduler.shutdown(wait=status == 0)
    for thread, _ in senders:
        thread.join(LAST_CALLS_S)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or LOOPS))
