"""What the benchmarks measure with is right itself."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import databases
import psycopg
import pytest

from backend.kernel.ids import new_id
from bench import history
from bench.clinics import oversold
from bench.figures import Run, each_ms
from bench.processor import spent_s
from bench.rush import Rush
from tools.launch.process import Child
from tools.launch.service import Program


def test_a_history_grows_and_leaves_every_guard_as_it_was(own_database: str) -> None:
    admin = databases.admin_url(urlsplit(own_database).path[1:])
    known, told = [new_id() for _ in range(30)], {"tables": list(history.TABLES)}
    with psycopg.connect(admin, autocommit=True) as link:
        before = set(link.execute(history.BESIDE, told).fetchall())
        for to in (200, 600):
            history.grow(link, to, known)
            row = link.execute("SELECT count(*), count(DISTINCT resident_id) FROM booking")
            assert row.fetchone() == (to, 30)
        assert set(link.execute(history.BESIDE, told).fetchall()) == before
        assert oversold(link) == 0
        twice = "INSERT INTO booking SELECT (b).* FROM (SELECT b FROM booking b LIMIT 1) one"
        with pytest.raises(psycopg.errors.UniqueViolation):
            link.execute(twice)


def test_a_rush_counts_who_got_neither_a_seat_nor_a_word() -> None:
    rush = Rush(2.0, {"201": 3, "409": 5, "503": 2}, [0.1] * 10, 4)
    assert (rush.sold, rush.errors) == (3, 6)
    assert rush.run().rate == 5


def test_processor_time_is_that_of_a_whole_tree(tmp_path: Path) -> None:
    burn = "import os\nif os.fork(): os.wait()\nsum(range(9_000_000))\ninput()"
    words = ["python3", "-c", f"{burn.replace('input()', 'import time; time.sleep(30)')}"]
    child = Child("burn", words, tmp_path / "log", os.environ, tmp_path)
    service = Program(child, 0, lambda: spent_s(service) > 0.05)
    service.start()
    try:
        assert spent_s(service) > 0.05
    finally:
        service.stop()
    assert each_ms([0.5], Run(5, 1.0, [0.1] * 5, 0, warmed=5)) == 50.0
