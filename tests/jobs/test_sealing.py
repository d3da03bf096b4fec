"""Sealing with real processes: many at once, killed in the middle, and soon enough."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from audit_builders import disclosed, living, reader, tamper, verified
from conftest import environment
from databases import admin_url, slow_down_inserts
from processes import eventually
from races import race

from backend import auditing
from backend.kernel.disclosures import disclose
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from config.settings import ROOT
from jobs import auditing as job

SLOW_S = 0.3
SOON_S = 5.0


@pytest.fixture
def log(own_database: str) -> Iterator[str]:
    with living(own_database):
        yield own_database


def name_of(database_url: str) -> str:
    return urlsplit(database_url).path.strip("/")


def asked(database_url: str, words: str) -> int:
    with psycopg.connect(admin_url(name_of(database_url))) as link:
        found = link.execute(words).fetchone()  # type: ignore[arg-type]
    assert found
    return int(found[0])


def seal_all(_n: int) -> int:
    return job.seal()


FORKS = "SELECT count(*) - count(DISTINCT prev) FROM audit_seal"


def test_of_many_sealers_one_sets_the_seal(log: str) -> None:
    disclosed(5)
    slow_down_inserts(name_of(log), "audit_seal", SLOW_S)
    assert sum(race(log, seal_all, [(n,) for n in range(4)])) == 5
    assert asked(log, FORKS) == 0
    assert (verified().findings, verified().rows) == ([], 5)


def test_without_the_constraints_the_chain_forks(log: str) -> None:
    """The negative control."""
    disclosed(5)
    tamper(log, "ALTER TABLE audit_seal DROP CONSTRAINT uq_audit_seal_prev")
    tamper(log, "ALTER TABLE audit_seal DROP CONSTRAINT pk_audit_seal")
    tamper(log, "ALTER TABLE audit_seal DROP CONSTRAINT uq_audit_seal_root")
    tamper(log, "ALTER TABLE audit_entry DROP CONSTRAINT pk_audit_entry")
    slow_down_inserts(name_of(log), "audit_seal", SLOW_S)
    race(log, seal_all, [(n,) for n in range(4)])
    assert asked(log, FORKS) > 0
    assert verified().findings != []


def sealing(database_url: str) -> None:
    with living(database_url):
        job.seal()


def test_a_sealer_killed_in_the_middle_leaves_the_chain_whole(log: str) -> None:
    disclosed(3)
    slow_down_inserts(name_of(log), "audit_entry", 5)
    killed = get_context("forkserver").Process(target=sealing, args=(log,))
    killed.start()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%INSERT INTO audit_seal%%'"
    assert eventually(lambda: asked(log, busy.replace("%%", "%")) > 1, 30)
    os.kill(killed.pid or 0, signal.SIGKILL)
    killed.join()
    tamper(log, "DROP FUNCTION dawdle CASCADE")
    assert eventually(lambda: job.seal() == 3 or asked(log, "SELECT count(*) FROM audit_seal") == 1)
    assert (verified().findings, verified().rows, verified().seals) == ([], 3, 1)


def test_what_commits_late_is_sealed_later_and_keeps_nobody_waiting(log: str) -> None:
    with transaction():
        disclose(reader(), "doctor.test.slow", [new_id()])
        with get_context("forkserver").Pool(1) as pool:
            assert pool.apply(write_and_seal, (log,)) == 2
    assert job.seal() == 1
    assert (verified().findings, verified().rows, verified().seals) == ([], 3, 2)


def write_and_seal(database_url: str) -> int:
    with living(database_url):
        disclosed(2)
        return job.seal()


def test_the_lag_is_that_of_the_oldest_row_that_waits(log: str) -> None:
    assert auditing.lag_s() == 0
    disclosed(2)
    time.sleep(0.2)
    assert 0.2 <= auditing.lag_s() < 60
    job.seal()
    assert auditing.lag_s() == 0


def test_a_jobs_process_seals_within_five_seconds(log: str, tmp_path: Path) -> None:
    settings = os.environ | environment(log, tmp_path)
    command = [sys.executable, "-m", "jobs.runner", "seal"]
    process = subprocess.Popen(command, env=settings, cwd=ROOT)
    try:
        disclosed()
        assert eventually(lambda: asked(log, "SELECT count(*) FROM audit_entry") == 1, 60)
        disclosed(20)
        assert eventually(lambda: asked(log, "SELECT count(*) FROM audit_entry") == 21, SOON_S)
    finally:
        process.terminate()
        process.wait(30)
    assert verified().findings == []
