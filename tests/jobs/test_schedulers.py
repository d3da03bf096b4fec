"""One scheduler or three, hours late, by a clock that jumps: each follow-up is put once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import environment
from databases import admin_url
from followup_builders import a_patient
from forked_troupe import become
from processes import eventually
from races import FORK
from sqlalchemy import text

from backend.assembly import assemble, release
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings

PATIENTS = 8
DAY = timedelta(days=1)
# Follow-ups that are near, their events, and what the resident and the doctor are told of them.
FALLEN = "SELECT count(*) FROM followup WHERE state <> 'scheduled'"
EVENTS = "SELECT count(*) FROM event WHERE name = 'followups.FollowUpFellDue'"
PENDING = "SELECT count(*) FROM delivery WHERE state = 'pending'"
TOLD = "SELECT count(*) FROM message WHERE kind = '{}' AND subject_id IN (SELECT id FROM followup)"


class Region:
    """A database with patients, and any number of processes that work through the timetable."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.url, self.folder = database_url, folder
        self.processes: list[Any] = []
        app = assemble(Settings.from_env(environment(database_url, folder)))
        with app.app_context(), transaction():
            for _ in range(PATIENTS):
                a_patient()
            self.today: date = db.session.execute(
                text(
                    "SELECT ((now() + shift) AT TIME ZONE 'Asia/Shanghai')::date"
                    " FROM business_clock"
                )
            ).scalar_one()
        release(app)

    def start(self, many: int) -> None:
        """So many processes with a timetable and a relay."""
        told = dict(os.environ) | environment(self.url, self.folder)
        for n in range(many):
            words = ["jobs.runner", "timetable", "relay"]
            process = FORK.Process(target=become, args=(words, told, self.folder / f"{n}.log"))
            process.start()
            self.processes.append(process)

    def fall_due(self, days_ago: int = 0) -> None:
        """The day from which on the follow-ups are near was so long ago."""
        self.do(f"UPDATE followup SET due_on = '{self.today + (7 - days_ago) * DAY}'")

    def shift(self, by: timedelta) -> None:
        """The clock of every process jumps."""
        self.do(f"UPDATE business_clock SET shift = shift + interval '{by.total_seconds()} s'")

    def do(self, words: str) -> None:
        """As the administrator."""
        name = self.url.rpartition("/")[2]
        with psycopg.connect(admin_url(name), autocommit=True) as link:
            link.execute(words)  # type: ignore[arg-type]

    def count(self, words: str) -> int:
        """What the database says."""
        with psycopg.connect(self.url) as link:
            found = link.execute(words).fetchone()  # type: ignore[arg-type]
        assert found
        return int(found[0])

    def has_ticked(self, times: int = 1) -> bool:
        """Whether the sweep that looks for follow-ups was begun so often."""
        sweeps = "SELECT count(*) FROM tick WHERE job = 'followups.remind_due'"
        return eventually(lambda: self.count(sweeps) >= times, 30)

    def each_is_put_once(self) -> bool:
        """Waits; afterwards each has one event, and one message to each of the two persons."""
        done = eventually(lambda: self.count(FALLEN) == PATIENTS and not self.count(PENDING), 30)
        told = [self.count(TOLD.format(kind)) for kind in ("follow_up_due", "follow_up_task")]
        return done and [self.count(EVENTS), *told] == [PATIENTS] * 3


@contextmanager
def a_region(database_url: str, folder: Path) -> Iterator[Region]:
    region = Region(database_url, folder)
    try:
        yield region
    finally:
        for process in region.processes:
            process.kill()
            process.join()


@pytest.fixture
def region(own_database: str, tmp_path: Path) -> Iterator[Region]:
    with a_region(own_database, tmp_path) as region:
        yield region


@pytest.mark.parametrize("days_late", [0, 3], ids=["at their day", "three days late"])
def test_three_schedulers_at_once_put_each_once(region: Region, days_late: int) -> None:
    region.fall_due(days_late)
    region.start(3)
    assert region.each_is_put_once()


def test_a_clock_that_jumps_a_day_ahead_and_back_changes_nothing(region: Region) -> None:
    region.start(2)
    assert region.has_ticked()
    region.fall_due(days_ago=-1)
    region.shift(DAY)
    assert region.each_is_put_once()
    region.shift(-DAY)
    assert region.has_ticked(2)
    region.shift(DAY)
    assert region.each_is_put_once()


@pytest.mark.full
def test_after_the_clock_was_set_back_for_good_sweeps_go_on(region: Region) -> None:
    """Yesterday's slots were claimed, a day ago: that is no reason to wait until tomorrow."""
    region.start(1)
    assert region.has_ticked()
    region.do("UPDATE tick SET claimed_at = claimed_at - interval '1 day',"
              " done_at = claimed_at - interval '1 day'")  # fmt: skip
    region.do(
        "INSERT INTO tick SELECT job, slot + n, claimed_at, claimed_at FROM tick,"
        " generate_series(1, 3) AS n WHERE job = 'followups.remind_due'"
        " ON CONFLICT DO NOTHING"
    )
    region.fall_due()
    assert region.each_is_put_once()


@pytest.mark.full
def test_the_slot_of_a_killed_scheduler_is_worked_by_the_next(region: Region) -> None:
    region.start(1)
    assert region.has_ticked()
    os.kill(region.processes[0].pid, signal.SIGKILL)
    region.fall_due()
    region.do("UPDATE tick SET claimed_at = now() - interval '301 s', done_at = NULL")
    region.start(1)
    assert region.each_is_put_once()
