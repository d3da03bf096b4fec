"""What happens by itself happens once, late rather than never, and never because of one process."""

import os
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from flask import Flask
from people import by_itself
from processes import eventually
from races import race
from sqlalchemy import text

from backend.assembly import assemble
from backend.kernel import entry, events
from backend.kernel.clock import FixedClock
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Conflict
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from config.settings import Settings
from jobs import relay, runner
from jobs.sweeping import each
from jobs.timetable import Job


def mark(note: str) -> int:
    """A visible effect: one row."""
    slot = {"job": note, "slot": new_id().int >> 70}
    with transaction():
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES (:job, :slot)"), slot)
    return 1


def marks(note: str) -> int:
    counted = text("SELECT count(*) FROM tick WHERE job = :job")
    return db.session.execute(counted, {"job": note}).scalar_one()


def job(every: timedelta = timedelta(minutes=5)) -> Job:
    return Job("ringing", every, lambda: mark("rang"))


def test_a_slot_is_worked_once_however_often_one_looks(app: Flask, clock: FixedClock) -> None:
    for _ in range(3):
        runner.look(app, [job()])
    assert marks("rang") == 1
    clock.at += timedelta(minutes=5)
    runner.look(app, [job()])
    assert marks("rang") == 2


def test_days_without_a_tick_are_made_up_for_by_one_look(app: Flask, clock: FixedClock) -> None:
    runner.look(app, [job()])
    clock.at += timedelta(days=3)
    runner.look(app, [job()])
    assert marks("rang") == 2


def test_a_job_that_fails_does_not_keep_the_next_from_running(app: Flask) -> None:
    def fails() -> int:
        raise RuntimeError("broken")

    runner.look(app, [Job("broken", timedelta(minutes=1), fails), job()])
    assert marks("rang") == 1
    undone = "SELECT job FROM tick WHERE done_at IS NULL AND job IN ('broken', 'ringing')"
    assert db.session.execute(text(undone)).scalars().all() == ["broken"]


def tick_once(_n: int) -> None:
    with transaction():
        mine = runner.ticks.claim("ringing", 7, timedelta(minutes=5))
    if mine:
        mark("rang")


def test_of_many_processes_one_gets_the_slot(own_database: str) -> None:
    race(own_database, tick_once, [(n,) for n in range(4)])
    assert counted(own_database, "rang") == 1


def tick_without_asking(_n: int) -> None:
    mark("rang")


def test_without_the_claim_each_of_them_runs(own_database: str) -> None:
    """The negative control."""
    race(own_database, tick_without_asking, [(n,) for n in range(4)])
    assert counted(own_database, "rang") == 4


class Backlog:
    """Items that wait, handed out two at once."""

    def __init__(self, *items: UUID) -> None:
        self.waiting = list(items)

    def due(self, failed: Collection[UUID]) -> list[UUID]:
        return [item for item in self.waiting if item not in failed][:2]


def test_one_bad_item_does_not_stop_the_batch(app: Flask) -> None:
    bad, late, good = new_id(), new_id(), new_id()
    backlog = Backlog(bad, late, good)

    def act(item: UUID) -> None:
        if item == bad:
            db.session.execute(text("SELECT 1 / 0"))
        if item == late:
            raise Conflict
        db.session.execute(
            text("INSERT INTO tick (job, slot) VALUES ('item', :slot)"), {"slot": item.int >> 70}
        )
        backlog.waiting.remove(item)

    assert each(backlog.due, act) == 1
    assert marks("item") == 1


def test_many_bad_items_do_not_hide_what_stands_behind_them(app: Flask) -> None:
    bad, good = [new_id() for _ in range(7)], new_id()
    backlog = Backlog(*bad, good)

    def act(item: UUID) -> None:
        if item in bad:
            raise Conflict
        backlog.waiting.remove(item)

    assert each(backlog.due, act) == 1
    assert backlog.waiting == bad


def test_a_loop_survives_its_failures_and_keeps_its_pulse() -> None:
    pulse = runner.Pulse("loop")
    pulse.at = 0.0
    runner.looping(pulse, lambda: 1 / 0)()
    assert pulse.silent_s < 1


@dataclass(frozen=True)
class Struck(events.Event):
    """A gong, made up for these tests."""

    gong_id: UUID


Struck.__module__ = "backend.gongs.events"


def resound(_ctx: Context, event: Struck) -> None:
    """Its effect is seen only if it is committed; it takes as long as the environment says."""
    db.session.execute(
        text("INSERT INTO tick (job, slot) VALUES ('gong', :slot)"),
        {"slot": event.gong_id.int >> 70},
    )
    Path(os.environ["STARTED"]).touch()
    time.sleep(float(os.environ["SLOWNESS_S"]))


resound.__module__ = "backend.gongs.service"


def serve(database_url: str, slowness_s: float, started: str) -> None:
    os.environ.update(SLOWNESS_S=str(slowness_s), STARTED=started)
    app = assemble(Settings.from_env(environment(database_url, Path(mkdtemp()))))
    events.bind(app, {Struck: [resound]})
    with app.app_context():
        relay.drain()


@pytest.fixture
def struck(own_database: str) -> str:
    """A database with one event whose reaction is due."""
    app = assemble(Settings.from_env(environment(own_database, Path(mkdtemp()))))
    events.bind(app, {Struck: [resound]})
    with app.app_context():
        with transaction():
            events.record(by_itself(), Struck(new_id()))
        db.engine.dispose()
    return own_database


def relaying(database_url: str, slowness_s: float, started: Path) -> Any:
    process = get_context("forkserver").Process(
        target=serve, args=(database_url, slowness_s, str(started))
    )
    process.start()
    assert eventually(started.exists, 30)
    return process


def counted(database_url: str, note: str) -> int:
    with psycopg.connect(database_url) as link:
        found = link.execute("SELECT count(*) FROM tick WHERE job = %s", [note]).fetchone()
    assert found
    return int(found[0])


def test_a_relay_killed_in_the_middle_leaves_its_event_to_the_next(
    struck: str, tmp_path: Path
) -> None:
    killed = relaying(struck, 60, tmp_path / "first")
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()
    assert counted(struck, "gong") == 0
    began = time.monotonic()
    relaying(struck, 0, tmp_path / "second").join(30)
    assert counted(struck, "gong") == 1
    assert time.monotonic() - began < 60


@pytest.mark.full
def test_a_frozen_relay_loses_its_event_to_another(struck: str, tmp_path: Path) -> None:
    frozen = relaying(struck, 1, tmp_path / "first")
    os.kill(frozen.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()

        def delivered() -> bool:
            relaying_now = get_context("forkserver").Process(
                target=serve, args=(struck, 0, str(tmp_path / "second"))
            )
            relaying_now.start()
            relaying_now.join(30)
            return counted(struck, "gong") == 1

        assert eventually(delivered, 60)
        assert time.monotonic() - began < 60
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
        frozen.join(30)
    assert counted(struck, "gong") == 1


def test_the_clock_of_the_tests_is_the_one_the_jobs_read(app: Flask, clock: FixedClock) -> None:
    assert entry.moment() == clock.at
