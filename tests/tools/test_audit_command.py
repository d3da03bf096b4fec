"""`manage.py audit` as an operator runs it: as the app role to verify, as the owner to retire."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from audit_builders import disclosed, living, sealed, tamper, verified
from commands import manage
from conftest import environment
from databases import url

from backend.auditing.rules import may_retire
from backend.kernel.calendar import SHANGHAI
from jobs import auditing as job

OLD = datetime(2022, 3, 15, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def log(own_database: str) -> Iterator[str]:
    with living(own_database):
        yield own_database


def audit(log: str, folder: Path, *words: str) -> tuple[int, str]:
    """The command's exit status and what it printed."""
    owner = url(urlsplit(log).path.strip("/"), "jiayi_migrator")
    settings = environment(log, folder) | {"MIGRATOR_DATABASE_URL": owner}
    run = manage("audit", *words, settings=settings)
    return run.returncode, run.stdout + run.stderr


def test_it_prints_the_newest_root_and_finds_it_again(log: str, tmp_path: Path) -> None:
    sealed(2, 2)
    root = verified().root.hex()
    status, words = audit(log, tmp_path, "verify", "--from", "2026-11-01")
    assert (status, f"root {root}" in words) == (0, True), words
    assert audit(log, tmp_path, "verify", "--expect", root)[0] == 0
    assert audit(log, tmp_path, "verify", "--expect", "ab" * 32)[0] == 1


def test_it_names_the_row_and_its_seal(log: str, tmp_path: Path) -> None:
    ids = sealed(2, 2)
    tamper(log, "UPDATE disclosure SET operation = 'x' WHERE id = %s", ids[1])
    status, words = audit(log, tmp_path, "verify")
    assert (status, f"seal 1, disclosure {ids[1]}, was altered" in words) == (1, True), words


@pytest.mark.parametrize(
    ("month", "today", "may"),
    [
        ("2023-11-01", "2026-11-30", False),
        ("2023-11-01", "2026-12-01", True),
        ("2023-12-01", "2026-12-31", False),
        ("2023-10-01", "2026-11-01", True),
        ("2026-10-01", "2026-11-23", False),
    ],
)
def test_a_month_is_kept_for_three_years_to_its_last_day(month: str, today: str, may: bool) -> None:
    days = [datetime.fromisoformat(f"{day}T00:00+08:00").date() for day in (month, today)]
    assert may_retire(*days) is may


def test_a_young_month_is_not_retired(log: str, tmp_path: Path) -> None:
    sealed(1, 2)
    assert audit(log, tmp_path, "retire", "2026-11")[0] == 2
    assert verified().rows == 2


def an_old_month(log: str) -> None:
    tamper(log, "SELECT audit_make_months('2022-03-01', 1)")
    with living(log, OLD):
        disclosed(3)


def test_an_old_month_goes_and_the_chain_stays_whole(log: str, tmp_path: Path) -> None:
    an_old_month(log)
    assert job.seal() == 3
    sealed(1, 2)
    kept = verified().root
    status, words = audit(log, tmp_path, "retire", "2022-03")
    assert (status, "2022-03 is retired: 3 disclosures" in words) == (0, True), words
    after = verified(expected=kept)
    assert (after.findings, after.seals, after.rows) == ([], 2, 2)


def test_a_month_with_something_unsealed_is_not_retired(log: str, tmp_path: Path) -> None:
    an_old_month(log)
    assert audit(log, tmp_path, "retire", "2022-03")[0] == 2


def test_a_chain_that_was_touched_is_not_retired(log: str, tmp_path: Path) -> None:
    an_old_month(log)
    job.seal()
    tamper(log, "DELETE FROM disclosure WHERE id IN (SELECT id FROM disclosure LIMIT 1)")
    assert audit(log, tmp_path, "retire", "2022-03")[0] == 1


def test_a_young_month_that_was_dropped_by_hand_is_named(log: str) -> None:
    sealed(1, 2)
    tamper(log, "DROP TABLE disclosure_202611")
    tamper(log, "DROP TABLE audit_entry_202611")
    tamper(log, "INSERT INTO audit_retired VALUES ('2026-11-01', 2, 'x')")
    assert [str(one) for one in verified().findings] == [
        "the month 2026-11 was retired before its time"
    ]


def test_months_are_made_ahead_and_never_twice(log: str) -> None:
    with living(log, datetime(2027, 4, 5, 9, 0, tzinfo=SHANGHAI)):
        assert job.make_months() == 10
        assert job.make_months() == 0
        disclosed(1)
        assert job.seal() == 1
    rest = "DO $$ BEGIN ASSERT (SELECT count(*) FROM disclosure_rest) = 0; END $$"
    tamper(log, rest)


def test_the_app_role_makes_no_months_of_its_own_choosing(log: str) -> None:
    with living(log), pytest.raises(Exception, match="not ours to make"):
        job.auditing.make_months(datetime(1999, 1, 1, tzinfo=SHANGHAI).date())
