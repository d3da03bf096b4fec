"""Ciphertexts are sealed anew while others write: no write is lost, and one may begin again."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from databases import KEY, RING, url
from people import a_resident
from races import race
from sqlalchemy import select, text

from backend.assembly import assemble, release
from backend.kernel import resealing
from backend.kernel.crypto import PLACES, Keyring
from backend.kernel.database import db, owner
from backend.kernel.transaction import transaction
from backend.prescriptions import Prescription
from config.settings import Settings

PHONE = PLACES["resident.phone"]
KEYS = {"f1": KEY, "f2": b"2" * 32}
RACE_S = 3.0


def ring(newest: str) -> Keyring:
    return Keyring({newest: KEYS[newest], **KEYS}, KEY)


def quiet(_done: int) -> None:
    pass


@pytest.fixture
def address(own_database: str, worker: str, tmp_path: Path) -> str:
    """A database with residents, as its owner."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)))
    with app.app_context(), transaction():
        for _ in range(40):
            a_resident(account=False)
    release(app)
    return url(f"jiayi_own_{worker}", "jiayi_migrator")


def column(address: str, newest: str = "f2", batch: int = 15) -> resealing.Column:
    return resealing.Column(address, ring(newest), PHONE, batch)


def test_every_row_is_sealed_by_the_newest_key_and_opens(address: str) -> None:
    assert column(address).rows_by_key() == {"f1": 40}
    told: list[int] = []
    progress = column(address).reseal(told.append)
    assert (progress.done, progress.left, progress.unreadable) == (40, 0, [])
    assert told == [15, 30, 40]
    assert column(address).rows_by_key() == {"f2": 40}
    assert list(column(address).unreadable()) == []
    assert column(address).reseal(quiet).done == 0


def test_what_was_stopped_goes_on_where_it_was(address: str) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        column(address).reseal(stop)
    assert column(address).rows_by_key() == {"f1": 25, "f2": 15}
    assert column(address).reseal(quiet).done == 25


def test_rows_that_do_not_open_are_named_and_kept(address: str) -> None:
    with owner(address) as connection:
        broken = connection.execute(
            text("""
            UPDATE resident SET phone_sealed = id_number_sealed
            WHERE id IN (SELECT id FROM resident LIMIT 2) RETURNING id""")
        ).scalars()
        named = {f"resident.phone:{key}" for key in broken}
    progress = column(address).reseal(quiet)
    assert (progress.done, progress.left, set(progress.unreadable)) == (38, 0, named)
    assert set(column(address).unreadable()) == named
    assert column(address).rows_by_key() == {"f1": 2, "f2": 38}


def test_a_row_that_somebody_holds_is_left_for_the_next_pass(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "PAUSE_S", 0.0)
    with owner(address) as other:
        other.execute(text("SELECT id FROM resident LIMIT 1 FOR UPDATE"))
        progress = column(address).reseal(quiet)
    assert (progress.done, progress.left) == (39, 1)
    assert column(address).reseal(quiet).done == 1


def write(address: str) -> int:
    """Change every phone again and again; how often the last change was gone."""
    lost, last = 0, dict[UUID, bytes]()
    until, n = time.monotonic() + RACE_S, 0
    with psycopg.connect(address, autocommit=True) as link:
        while time.monotonic() < until:
            for key, sealed in link.execute("SELECT id, phone_sealed FROM resident").fetchall():
                found, n = ring("f1").unseal(sealed, PHONE.of(key)), n + 1
                lost += last.get(key, found) != found
                last[key] = str(n).encode()
                new = RING.seal(last[key], PHONE.of(key))
                link.execute("UPDATE resident SET phone_sealed = %s WHERE id = %s", [new, key])
    return lost


def reseal(address: str, newest: str) -> int:
    """Seal anew without a pause."""
    done, until = 0, time.monotonic() + RACE_S
    while time.monotonic() < until:
        column(address, newest).reseal(lambda _done: None)
        done += 1
    return -1


def reseal_carelessly(address: str, newest: str) -> int:
    """The same, neither holding the rows nor looking whether they are still what was read."""
    resealing.LOCK = resealing.UNCHANGED = ""
    return reseal(address, newest)


def slow_down(address: str) -> None:
    """Let each change take a while, so that those who do not exclude one another overlap."""
    with owner(address) as connection:
        connection.execute(
            text("""
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN PERFORM pg_sleep(0.005); RETURN NEW; END';
            CREATE TRIGGER dawdle BEFORE UPDATE ON resident
              FOR EACH ROW EXECUTE FUNCTION dawdle()""")
        )


def compete(role: str, address: str) -> int:
    acts: dict[str, Callable[[], int]] = {
        "write": lambda: write(address),
        "f1": lambda: reseal(address, "f1"),
        "f2": lambda: reseal(address, "f2"),
        "careless f1": lambda: reseal_carelessly(address, "f1"),
        "careless f2": lambda: reseal_carelessly(address, "f2"),
    }
    resealing.PAUSE_S, resealing.PASSES_WITHOUT_PROGRESS = 0.0, 3
    return acts[role]()


def test_no_write_of_the_same_instant_is_lost(own_database: str, address: str) -> None:
    slow_down(address)
    acts = [("write", address), ("f1", address), ("f2", address)]
    assert race(own_database, compete, acts)[0] == 0


def test_without_lock_and_comparison_writes_are_lost(own_database: str, address: str) -> None:
    """The negative control."""
    slow_down(address)
    acts = [("write", address), ("careless f1", address), ("careless f2", address)]
    assert race(own_database, compete, acts)[0] > 0


def test_what_stood_in_the_clear_is_read_and_then_sealed(
    own_database: str, address: str, tmp_path: Path
) -> None:
    """As after the migration that added the sealed column."""
    place = PLACES["prescription.note"]
    app = assemble(Settings.from_env(environment(own_database, tmp_path)))
    with owner(address) as connection:
        connection.execute(
            text("""
            INSERT INTO institution (id, name, level, address, latitude, longitude, is_example)
            VALUES (gen_random_uuid(), '示例中心', 'centre', '示例路', 30, 120, true)""")
        )
        connection.execute(
            text("""
            INSERT INTO prescription (id, resident_id, team_id, institution_id, state, days_wanted,
              requested_at, issue_number, note)
            SELECT gen_random_uuid(), resident.id, gen_random_uuid(), i.id, 'refused', 28, now(), 0,
              '旧备注' FROM resident, institution i""")
        )
    with app.app_context(), transaction():
        assert read_notes() == {"旧备注"}
    column = resealing.Column(address, ring("f1"), place, 15)
    assert column.reseal(quiet).done == 40
    with owner(address) as connection:
        left = connection.execute(text("SELECT count(note), count(note_sealed) FROM prescription"))
        assert tuple(left.one()) == (0, 40)
    with app.app_context(), transaction():
        assert read_notes() == {"旧备注"}
    release(app)


def read_notes() -> set[str | None]:
    return {each.note for each in db.session.execute(select(Prescription)).scalars()}
