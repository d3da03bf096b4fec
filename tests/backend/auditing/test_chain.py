"""The chain over the log: whole it verifies, and whatever was touched is named."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from audit_builders import disclosed, living, sealed, tamper, verified

from backend.auditing.rules import GENESIS, Seal, batch_of, hash_of
from backend.kernel.calendar import SHANGHAI
from jobs import auditing as job

WHEN = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
ROW = {
    "id": UUID(int=1),
    "at": WHEN,
    "recorded_at": WHEN,
    "actor_id": UUID(int=2),
    "actor_role": "doctor",
    "session_id": None,
    "institution_id": UUID(int=3),
    "operation": "doctor.followups.task",
    "refusal": None,
    "resident_ids": [UUID(int=4)],
    "reasons": ["signed"],
}


def test_a_hash_is_of_what_the_row_says_whatever_the_clock_face() -> None:
    assert hash_of(ROW) == hash_of({**ROW, "at": WHEN.astimezone(SHANGHAI)})
    for column in ROW:
        assert hash_of(ROW) != hash_of({**ROW, column: "else"}), column


def test_a_root_hangs_on_all_before_it() -> None:
    first = Seal(1, GENESIS, batch_of([b"a"]), WHEN.date(), 1, WHEN)
    second = Seal(2, first.root, batch_of([b"b"]), WHEN.date(), 1, WHEN)
    other = Seal(1, GENESIS, batch_of([b"x"]), WHEN.date(), 1, WHEN)
    assert second.root != Seal(2, other.root, batch_of([b"b"]), WHEN.date(), 1, WHEN).root


@pytest.fixture
def log(own_database: str) -> Iterator[str]:
    """A database with an app that writes to it."""
    with living(own_database):
        yield own_database


def test_a_chain_that_nobody_touched_is_whole(log: str) -> None:
    sealed(3, 2)
    verdict = verified()
    assert (verdict.findings, verdict.seals, verdict.rows, verdict.number) == ([], 3, 6, 3)
    assert verified(expected=verdict.root).findings == []
    assert verified(since=WHEN.date()).findings == []


def test_what_waits_for_its_seal_is_no_fault(log: str) -> None:
    sealed(1, 2)
    disclosed(2)
    assert verified().findings == []


def test_an_empty_log_is_whole(log: str) -> None:
    assert (verified().findings, verified().root) == ([], GENESIS)


@pytest.mark.parametrize(
    "change",
    [
        "operation = 'doctor.test.other'",
        "resident_ids = '{}'",
        "reasons = '{signed}'",
        "actor_id = gen_random_uuid()",
        "recorded_at = recorded_at - interval '1 day'",
        "refusal = 'none'",
        "session_id = gen_random_uuid()",
        "institution_id = NULL",
    ],
)
def test_an_altered_row_is_named(log: str, change: str) -> None:
    ids = sealed(3, 2)
    tamper(log, f"UPDATE disclosure SET {change} WHERE id = %s", ids[2])
    (finding,) = verified().findings
    assert (finding.seal, finding.disclosure, finding.what) == (2, ids[2], "was altered")


def test_a_deleted_row_is_named(log: str) -> None:
    ids = sealed(3, 2)
    tamper(log, "DELETE FROM disclosure WHERE id = %s", ids[3])
    (finding,) = verified().findings
    assert (finding.seal, finding.disclosure, finding.what) == (2, ids[3], "was deleted")


def test_a_row_moved_in_time_is_named_twice(log: str) -> None:
    ids = sealed(2, 2)
    tamper(log, "UPDATE disclosure SET at = at - interval '1 day' WHERE id = %s", ids[0])
    assert {finding.disclosure for finding in verified().findings} == {ids[0]}


def test_a_row_put_in_is_named(log: str) -> None:
    sealed(2, 2)
    row = UUID(int=77)
    tamper(
        log,
        "INSERT INTO disclosure (id, at, actor_id, actor_role, operation, resident_ids)"
        " VALUES (%s, '2026-11-23', gen_random_uuid(), 'doctor', 'x', '{}')",
        row,
    )
    assert [finding.disclosure for finding in verified().findings] == [row]


def test_a_row_deleted_before_its_seal_is_named(log: str) -> None:
    sealed(1, 1)
    (row,) = disclosed()
    tamper(log, "DELETE FROM disclosure WHERE id = %s", row)
    assert job.seal() == 0
    assert [finding.disclosure for finding in verified().findings] == [row]


def test_a_row_and_its_entry_deleted_together_leave_a_gap(log: str) -> None:
    ids = sealed(3, 2)
    for table, key in (("disclosure", "id"), ("audit_entry", "disclosure_id")):
        tamper(log, f"DELETE FROM {table} WHERE {key} = %s", ids[2])
    assert {finding.seal for finding in verified().findings} == {2}
    assert "its entry 1 is gone" in {finding.what for finding in verified().findings}


def test_an_entry_rewritten_to_fit_its_altered_row_breaks_its_seal(log: str) -> None:
    ids = sealed(3, 2)
    tamper(log, "UPDATE audit_entry SET hash = sha256('x') WHERE disclosure_id = %s", ids[2])
    assert {finding.seal for finding in verified().findings} == {2}


def test_a_seal_taken_out_of_the_middle_is_named(log: str) -> None:
    sealed(3, 2)
    tamper(log, "DELETE FROM audit_seal WHERE number = 2")
    found = verified().findings
    assert (found[0].seal, found[0].what) == (2, "the seal is gone")


def test_the_last_seal_taken_away_leaves_its_rows_behind(log: str) -> None:
    ids = sealed(3, 2)
    tamper(log, "DELETE FROM audit_seal WHERE number = 3")
    assert {finding.disclosure for finding in verified().findings} == set(ids[4:])


def test_an_end_cut_off_without_a_trace_is_found_by_the_root_kept_elsewhere(log: str) -> None:
    ids, kept = sealed(3, 2), verified().root
    for row in ids[4:]:
        tamper(log, "DELETE FROM disclosure WHERE id = %s", row)
    tamper(log, "DELETE FROM audit_entry WHERE seal_number = 3")
    tamper(log, "DELETE FROM audit_seal WHERE number = 3")
    assert verified().findings == []
    (finding,) = verified(expected=kept).findings
    assert "expected root" in finding.what


def test_a_seal_rewritten_does_not_carry_the_next(log: str) -> None:
    sealed(3, 2)
    tamper(log, "UPDATE audit_seal SET root = sha256('x') WHERE number = 2")
    assert [finding.seal for finding in verified().findings] == [2, 3]


def test_a_seal_holds_rows_of_one_month(log: str) -> None:
    sealed(1, 2)
    with living(log, datetime(2026, 12, 1, 0, 30, tzinfo=SHANGHAI)):
        disclosed(2)
    disclosed(2)
    assert job.seal() == 4
    assert (verified().findings, verified().rows) == ([], 6)
