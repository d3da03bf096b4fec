"""Two pharmacists at one counter: the drugs leave it once, by the lock and by the constraint."""

import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url, slow_down_inserts
from people import a_member_of_staff
from prescription_builders import SELF, Surgery
from races import race
from sqlalchemy import text

from backend import prescriptions
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings

PATIENCE_S = 30


@dataclass(frozen=True)
class Counter:
    """A reviewed prescription and the two who could hand it over."""

    prescription: UUID
    house: UUID
    pharmacists: tuple[UUID, UUID]


@pytest.fixture
def counter(own_database: str, tmp_path: Path) -> Counter:
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context(), transaction():
        surgery = Surgery()
        second = a_member_of_staff(Role.PHARMACIST, "孙药师", surgery.centre.id)
        reviewed = surgery.reviewed()
        found = Counter(reviewed.id, surgery.centre.id, (surgery.pharmacist.id, second.id))
    release(app)
    return found


def meet(who: UUID) -> None:
    """Wait, on a connection of its own, until both have come."""
    mine = {"slot": who.int & (1 << 62) - 1}
    began = time.monotonic()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        link.execute(text("INSERT INTO tick (job, slot) VALUES ('met', :slot)"), mine)
        here = text("SELECT count(*) FROM tick WHERE job = 'met'")
        while link.execute(here).scalar_one() < 2 and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.02)


def hand_over(prescription: UUID, house: UUID, pharmacist: UUID, held: bool) -> str:
    """Dispense as this pharmacist; not held, once the other has read the same."""
    actor = Actor(pharmacist, Role.PHARMACIST, frozenset({pharmacist, house}), house)
    with transaction():
        ctx = entry.context(actor, MORNING)
        found = (prescriptions.hold if held else prescriptions.find)(ctx, prescription)
        if not held:
            meet(pharmacist)
        return str(prescriptions.dispense(ctx, found, SELF).state)


def compete(database: str, counter: Counter, held: bool) -> list[str]:
    both = [(counter.prescription, counter.house, who, held) for who in counter.pharmacists]
    return sorted(race(database, hand_over, both))


def name_of(database: str) -> str:
    return database.rpartition("/")[2].partition("?")[0]


def test_one_of_two_hands_it_over(own_database: str, counter: Counter) -> None:
    assert compete(own_database, counter, held=True) == ["illegal-move", "in_use"]


def test_without_the_lock_the_constraint_still_forbids(own_database: str, counter: Counter) -> None:
    slow_down_inserts(name_of(own_database), "prescription_dispensing", 1.0)
    assert compete(own_database, counter, held=False) == ["illegal-move", "in_use"]


def test_without_lock_and_constraint_it_happens_twice(own_database: str, counter: Counter) -> None:
    """The negative control."""
    name = name_of(own_database)
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        link.execute(
            "ALTER TABLE prescription_dispensing"
            " DROP CONSTRAINT uq_prescription_dispensing_prescription_id"
        )
        slow_down_inserts(name, "prescription_dispensing", 1.0)
        assert "illegal-move" not in compete(own_database, counter, held=False)
        handed = link.execute("SELECT count(*) FROM prescription_dispensing").fetchone()
    assert handed == (2,)
