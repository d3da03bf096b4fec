"""The drill of a restore: what may have been sent is never sent again; the rest goes on."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from commands import manage
from databases import clone, own_empty, remove, url
from flask import Flask
from people import by_itself
from processes import eventually
from sending import Outside, outside
from sqlalchemy import text

from backend import messaging
from backend.kernel.database import db
from backend.messaging import lifting
from config.settings import Settings
from jobs import fence as job
from jobs import timetable, witness
from tools.backups import restoring, taking

QUIET_S = 0.6
LOWER = """
UPDATE send_fence SET because = NULL, raised_at = NULL, cut_at = NULL, caught_up_at = NULL,
  identity = database_identity()
"""


def owner(database_url: str) -> str:
    return url(urlsplit(database_url).path.strip("/"), "jiayi_migrator")


def settings_of(world: Outside) -> dict[str, str]:
    return world.environment() | {"MIGRATOR_DATABASE_URL": owner(world.database_url)}


def elsewhere(world: Outside, database_url: str) -> Outside:
    """The same people, on another database."""
    return Outside(database_url, world.simulator, world.folder)


def messages(world: Outside, *words: str) -> dict[str, Any]:
    """`manage.py messages …`, which must succeed."""
    done = manage("messages", *words, settings=settings_of(world))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def fence(world: Outside) -> Any:
    return world.sql("SELECT because FROM send_fence")[0][0]


def let_a_minute_pass(world: Outside) -> None:
    world.sql("UPDATE send_fence SET raised_at = raised_at - interval '2 min'")
    with world.app.app_context():
        assert job.note_catch_up() == 1


@pytest.fixture
def empty(worker: str) -> Iterator[str]:
    with own_empty(f"jiayi_again_{worker}") as address:
        yield address


def test_after_a_restore_nobody_is_written_to_twice_and_later_messages_go(
    world: Outside, empty: str, tmp_path: Path, worker: str
) -> None:
    world.burst(6, agreed=3)
    world.start()
    assert world.settled()
    world.pause()
    world.burst(6, agreed=3)
    world.burst(2, agreed=3, due=timedelta(hours=1))
    _, backup = taking.take(owner(world.database_url), tmp_path / "half.dump")
    world.start()
    assert eventually(lambda: len(world.delivered()) == 12)
    world.pause()

    again = elsewhere(world, empty)
    restoring.restore(backup, Settings.from_env(settings_of(again)))
    control = elsewhere(world, clone(urlsplit(empty).path[1:], f"jiayi_control_{worker}"))
    try:
        again.start()
        time.sleep(QUIET_S)
        assert world.delivered().total() == 12
        told = messages(again, "fence")
        assert (told["because"], told["held_in_all"]) == ("restored", 6)
        early = manage("messages", "fence", "lift", settings=settings_of(again))
        assert (early.returncode, "jobs" in early.stderr) == (1, True)
        let_a_minute_pass(again)
        assert messages(again, "fence", "lift")["in_doubt"] == 6
        assert again.states() == {"sent": 6, "unknown": 6, "queued": 2}
        assert {row[1] for row in again.rows() if row[0] == "unknown"} == {"restored"}
        assert again.sql("SELECT count(*) FROM message WHERE climbs AND reason = 'restored'") == [
            (0,)
        ]
        again.sql("UPDATE message SET due_at = now() WHERE state = 'queued'")
        assert again.settled()
        assert set(world.delivered().values()) == {1}
        assert len(world.delivered()) == 14
        # The negative control: without the fence the same data are sent again.
        control.sql(LOWER)
        control.start()
        assert eventually(lambda: max(world.delivered().values()) > 1)
    finally:
        again.stop()
        control.stop()
        remove(f"jiayi_control_{worker}")


def test_what_the_sweeps_queue_anew_for_the_lost_time_is_in_doubt_too(world: Outside) -> None:
    world.sql("UPDATE send_fence SET identity = database_identity()")
    assert messages(world, "fence", "raise")["fence"] == "up"
    world.burst(2)
    let_a_minute_pass(world)
    world.burst(3)
    world.start()
    assert messages(world, "fence", "lift")["in_doubt"] == 2
    assert world.settled()
    assert world.states() == {"unknown": 2, "sent": 3}


def test_one_message_is_asked_about_sent_once_more_and_taken_back(world: Outside) -> None:
    failed, waits = world.burst(2, due=timedelta(hours=1))
    world.sql(f"UPDATE message SET state = 'failed', reason = 'bad_page' WHERE id = '{failed}'")
    assert messages(world, "why", str(failed))["may_replay"]
    assert messages(world, "replay", str(failed), "--yes")["state"] == "queued"
    assert messages(world, "cancel", str(waits), "--yes")["reason"] == "cancelled"
    again = manage("messages", "cancel", str(waits), "--yes", settings=settings_of(world))
    assert (again.returncode, "不能取消" in again.stderr) == (1, True)


def test_a_kind_is_sent_again_where_the_operator_says_so(world: Outside) -> None:
    messages(world, "fence", "raise")
    world.burst(2)
    let_a_minute_pass(world)
    assert messages(world, "fence", "lift", "--send", "demo_notice")["sent_again"] == [
        "demo_notice"
    ]
    world.start()
    assert world.settled()
    assert world.states() == {"sent": 2}
    (event,) = world.sql("SELECT payload FROM event WHERE name = 'messaging.SendFenceLifted'")
    assert event[0]["sent_again"] == ["demo_notice"]


def test_what_another_process_still_sweeps_is_waited_for(app: Flask) -> None:
    up = "because = 'restored', raised_at = now() - interval '20 min', cut_at = now()"
    db.session.execute(text(f"UPDATE send_fence SET {up}"))
    begun = "INSERT INTO tick (job, slot, claimed_at, done_at) VALUES (:job, :slot, {}, {})"
    job_of = {"job": "followups.remind_due", "slot": 1}
    db.session.execute(text(begun.format("now()", "NULL")), job_of)
    db.session.execute(text(begun.format("now()", "NULL")), {**job_of, "job": lifting.ITS_JOB})
    assert not lifting.note_catch_up(by_itself())
    failed = "UPDATE tick SET claimed_at = now() - interval '10 min' WHERE job = :job"
    db.session.execute(text(failed), {"job": job_of["job"]})
    assert not lifting.note_catch_up(by_itself())
    db.session.execute(text(begun.format("now()", "now()")), {**job_of, "slot": 2})
    assert lifting.note_catch_up(by_itself())
    assert timetable.TIMETABLE[-1].name == lifting.ITS_JOB


@pytest.mark.full
def test_what_somebody_is_just_changing_is_not_passed_over(world: Outside) -> None:
    (message,) = world.burst(1)
    messages(world, "fence", "raise")
    let_a_minute_pass(world)
    with psycopg.connect(world.database_url) as link:
        link.execute("SELECT FROM message WHERE id = %s FOR UPDATE", [message])
        refused = manage("messages", "fence", "lift", settings=settings_of(world))
        assert (refused.returncode, fence(world)) == (1, "by_hand"), refused.stderr
    assert messages(world, "fence", "lift")["in_doubt"] == 1


def test_a_copy_that_was_restored_by_other_means_raises_the_fence_itself(
    world: Outside, worker: str, tmp_path: Path
) -> None:
    world.burst(1)
    world.start()
    assert world.settled()
    world.pause()
    world.burst(1)
    world.stop()
    name = f"jiayi_copy_{worker}"
    address = clone(urlsplit(world.database_url).path[1:], name)
    try:
        # Another machine, whose folder is empty.
        with outside(address, world.simulator, tmp_path / "new") as copy:
            copy.start()
            assert eventually(lambda: fence(copy) == "moved")
            time.sleep(QUIET_S)
            assert copy.states() == {"sent": 1, "queued": 1}
    finally:
        remove(name)
    assert fence(world) is None


def test_a_database_behind_what_the_machine_remembers_was_set_back(
    world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "EVERY_S", 0.05)
    world.burst(1)
    world.start()
    memory = world.journals / "witness.json"
    assert eventually(memory.exists)
    world.pause()
    world.start()  # a restart is no alarm
    world.burst(1)
    assert world.settled()
    world.pause()
    assert fence(world) is None
    remembered = max(json.loads(memory.read_text()).values())
    world.sql(f"UPDATE send_fence SET beat = {remembered - 1}")
    world.sql("UPDATE message SET state = 'queued', sent_at = NULL")
    world.start()
    assert eventually(lambda: fence(world) == "behind")
    time.sleep(QUIET_S)
    assert world.delivered().total() == 2


def test_a_disk_without_room_for_the_memory_stops_no_sender(app: Flask, tmp_path: Path) -> None:
    db.session.execute(text("UPDATE send_fence SET beat = 7"))
    gone = witness.Witness(tmp_path / "gone")
    for _ in range(2):
        gone.look(by_itself())
        gone.doubt()
    assert db.session.execute(text("SELECT beat FROM send_fence")).scalar_one() == 8


def test_a_torn_memory_is_none(app: Flask, tmp_path: Path) -> None:
    db.session.execute(text("UPDATE send_fence SET beat = 7"))
    (tmp_path / "witness.json").write_text('{"01')
    witness.Witness(tmp_path).look(by_itself())
    assert list(json.loads((tmp_path / "witness.json").read_text()).values()) == [7]
    assert not messaging.fence.stands()
