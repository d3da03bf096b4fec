"""`manage.py backup` and `restore` as an operator runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from commands import Done, manage
from conftest import environment
from databases import own, own_empty, url
from processes import descendants, eventually

from config.settings import ROOT
from tools.backups import manifest


class Operator:
    """One database to back up, an empty one to restore into, a folder."""

    def __init__(self, source: str, target: str, folder: Path) -> None:
        self.source, self.target, self.folder = source, target, folder
        self.backup = folder / "a.dump"

    def settings(self, database: str) -> dict[str, str]:
        """Of a process that uses this database."""
        owner = url(urlsplit(database).path.strip("/"), "jiayi_migrator")
        known = environment(database, self.folder / "journal")
        return known | {"MIGRATOR_DATABASE_URL": owner, "DRILL_DATABASE_URL": owner}

    def run(self, *words: object, database: str = "") -> Done:
        """The command against the source, unless another is named."""
        return manage(*map(str, words), settings=self.settings(database or self.source))

    def take(self) -> dict[str, Any]:
        """A backup that must succeed; what was printed."""
        done = self.run("backup", self.backup)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def restore(self, *words: str) -> Done:
        """Into the empty database."""
        return self.run("restore", *words, self.backup, database=self.target)

    def spawn(self, *words: object, database: str = "") -> "subprocess.Popen[bytes]":
        """The command as a process that can be killed."""
        command = [sys.executable, "-m", "tools.cli", *map(str, words)]
        known = dict(os.environ) | self.settings(database or self.source)
        return subprocess.Popen(command, cwd=ROOT, env=known, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def places(template: str, worker: str) -> Iterator[tuple[str, str]]:
    """A database to back up, and one that stays empty unless a restore succeeds."""
    with (
        own(template, f"jiayi_saved_{worker}") as source,
        own_empty(f"jiayi_restored_{worker}") as target,
    ):
        yield source, target


@pytest.fixture
def operator(places: tuple[str, str], tmp_path: Path) -> Operator:
    return Operator(*places, tmp_path)


def rows(database: str, words: str) -> list[Any]:
    with psycopg.connect(database, autocommit=True) as link:
        return link.execute(words).fetchall()  # type: ignore[arg-type]


TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"


def test_nothing_is_overwritten(operator: Operator) -> None:
    operator.take()
    before = operator.backup.read_bytes()
    again = operator.run("backup", operator.backup)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    into_data = operator.run("restore", operator.backup)
    assert into_data.returncode == 1
    assert "empty one only" in into_data.stderr
    assert operator.backup.read_bytes() == before


def test_a_backup_that_was_touched_cut_or_never_finished_is_refused(operator: Operator) -> None:
    operator.take()
    whole = operator.backup.read_bytes()
    for broken in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        operator.backup.write_bytes(broken)
        assert operator.run("backup", "verify", operator.backup).returncode == 1
        assert operator.restore().returncode == 1
    operator.backup.write_bytes(whole)
    manifest.place(operator.backup).unlink()
    refused = operator.restore()
    assert (refused.returncode, "never finished" in refused.stderr) == (1, True)
    assert rows(operator.target, TABLES) == [(0,)]


def test_a_restore_whose_counts_differ_leaves_nothing(operator: Operator) -> None:
    operator.take()
    beside = manifest.place(operator.backup)
    told = json.loads(beside.read_text())
    told["rows"]["send_fence"] = 2
    beside.write_text(json.dumps(told))
    done = operator.restore("--drill")
    assert (done.returncode, "send_fence has not the 2 rows" in done.stderr) == (1, True)
    assert rows(operator.target, TABLES) == [(0,)]


def test_a_backup_of_a_newer_build_is_refused(operator: Operator) -> None:
    operator.take()
    beside = manifest.place(operator.backup)
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"head": "9999"}))
    done = operator.restore()
    assert (done.returncode, "use the build" in done.stderr) == (1, True)


def test_a_killed_backup_is_never_taken_for_a_whole_one(operator: Operator) -> None:
    owner = operator.settings(operator.source)["MIGRATOR_DATABASE_URL"]
    with psycopg.connect(owner) as link:
        link.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")  # pg_dump waits here
        doomed = operator.spawn("backup", operator.backup)
        assert eventually(lambda: manifest.part(operator.backup).exists())
        assert eventually(lambda: bool(_waiting(owner)))
        children = descendants(doomed.pid)
        doomed.kill()
        doomed.wait()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert not operator.backup.exists()
    assert operator.run("backup", "verify", operator.backup).returncode == 1
    manifest.part(operator.backup).unlink()
    operator.take()


def _waiting(owner: str) -> list[Any]:
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK%'"
    return rows(owner, waits)


def test_a_restore_killed_in_the_middle_leaves_an_empty_database(operator: Operator) -> None:
    operator.take()
    doomed = operator.spawn("restore", operator.backup, database=operator.target)
    owner = operator.settings(operator.target)["MIGRATOR_DATABASE_URL"]
    busy = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND database ="
    mine = f"{busy} (SELECT oid FROM pg_database WHERE datname = current_database())"
    assert eventually(lambda: len(rows(owner, mine)) > 20)
    children = descendants(doomed.pid)
    doomed.kill()
    doomed.wait()
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert rows(operator.target, TABLES) == [(0,)]


def test_a_backup_is_taken_verified_tried_and_restored_behind_the_fence(
    operator: Operator,
) -> None:
    taken = operator.take()
    assert taken["rows"] > 0
    assert "FIELD_KEYS" in taken["keys"]
    assert operator.backup.stat().st_mode & 0o077 == 0
    assert operator.run("backup", "verify", operator.backup).returncode == 0
    tried = operator.restore("--drill")
    assert tried.returncode == 0, tried.stderr
    assert json.loads(tried.stdout)["rows"] == taken["rows"]
    assert rows(operator.target, TABLES) == [(0,)]  # nothing of it stays
    done = operator.restore()
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["rows"], facts["fence"]) == (taken["rows"], "up")
    assert rows(operator.target, "SELECT because FROM send_fence") == [("restored",)]
    known = "SELECT count(*) FROM signing_key"
    assert rows(operator.target, known) == rows(operator.source, known)
