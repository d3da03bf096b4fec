"""The demo region with many residents: copied, by the same rules, in bounded memory."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import databases
import pytest
from conftest import MORNING, environment
from flask import Flask
from sqlalchemy import func, select, text

from backend.assembly import assemble, release
from backend.followups import FollowUp
from backend.identity import Account, Consent, Resident
from backend.identity.documents import id_number
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.regions import Region, known
from config.settings import Settings
from tools.demo_region import crowd, load
from tools.demo_region.crowd import Crowd
from tools.demo_region.load import SEED, make

# What each row of the left must have on the right; nothing else may be missing.
LOOSE = """
SELECT (SELECT count(*) FROM resident r WHERE NOT EXISTS
    (SELECT FROM resident_document d WHERE d.id = r.id AND d.number_index = r.id_number_index))
  + (SELECT count(*) FROM contract c WHERE state = 'active' AND NOT EXISTS
    (SELECT FROM relation r WHERE r.source_id = c.id AND r.kind = 'signed'
      AND r.resident_id = c.resident_id AND r.party_id = c.team_id))
  + (SELECT count(*) FROM enrolment e WHERE 1 <>
    (SELECT count(*) FROM followup f WHERE f.enrolment_id = e.id AND f.state = 'scheduled'))
"""


@contextmanager
def loaded(own_database: str, tmp_path: Path, residents: int) -> Iterator[list[str]]:
    """A database with so many, and what was said meanwhile; the app is the product's own."""
    settings = Settings.from_env(environment(own_database, tmp_path))
    owner = databases.url(urlsplit(own_database).path[1:], "jiayi_migrator")
    said: list[str] = []
    owned = replace(settings, migrator_database_url=owner)
    assert load(owned, residents=residents, say=said.append)
    app = assemble(settings)
    with app.app_context():
        yield said
        db.session.remove()
    release(app)


def count(kind: type) -> int:
    return int(db.session.execute(select(func.count()).select_from(kind)).scalar_one())


def check(residents: int) -> None:
    """Everybody is there with what hangs on them, and can be found as the product finds people."""
    assert count(Resident) == residents
    assert count(Consent) == 2 * residents
    assert db.session.execute(text(LOOSE)).scalar_one() == 0
    rare = select(Resident).order_by(Resident.id.desc()).limit(50)
    for person in db.session.execute(rare).scalars():
        number = id_number(person.id_number or "", MORNING.date())
        assert (number.born_on, number.sex) == (person.birth_date, person.sex)
        assert person.id_number_index == keyring().index(number.number, "id_number")
        account = db.session.execute(select(Account).filter_by(resident_id=person.id)).scalar_one()
        assert account.phone == person.phone
        assert account.phone_index == keyring().index(person.phone or "", "phone")


def test_thousands_are_copied_like_the_few(own_database: str, tmp_path: Path) -> None:
    with loaded(own_database, tmp_path, 2600) as said:
        check(2600)
        assert count(FollowUp) > 300
        assert said[-1].startswith("2,300 residents with ")
        assert "peak" in said[-1]


@pytest.mark.full
def test_a_hundred_thousand_are_copied(own_database: str, tmp_path: Path) -> None:
    with loaded(own_database, tmp_path, 100_000):
        check(100_000)
        signed = text("SELECT count(*) FROM contract WHERE state = 'active'")
        assert 45_000 < db.session.execute(signed).scalar_one() < 65_000


def a_crowd(many: int, residents: int = 300) -> Crowd:
    world, inventor = make(Region.load("huzhou"), MORNING, residents, SEED)
    return Crowd(world, inventor, 300, many)


def test_one_seed_makes_one_crowd(app: Flask) -> None:
    first, again = (
        [(row.id, row.name) for _, rows in a_crowd(40).batches() for row in rows
         if isinstance(row, Resident)]
        for _ in range(2)
    )  # fmt: skip
    assert first == again
    assert len({row for row, _ in first}) == 40


def test_a_batch_is_gone_when_it_is_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "AT_ONCE", 50)
    seen = weakref.WeakSet[object]()
    gc.disable()
    try:
        most = 0.0
        for _, rows in a_crowd(400).batches():
            seen.update(rows)
            most = max(most, len(seen) / len(rows))
            del rows
    finally:
        gc.enable()
    assert most < 3


@pytest.mark.parametrize("region", known())
def test_many_residents_live_in_a_whole_tenant(app: Flask, region: str) -> None:
    world, _ = make(Region.load(region), MORNING, 10_000, SEED)
    houses = [row.level for row in world.places.rows if hasattr(row, "level")]
    assert {level: houses.count(level) for level in houses} == {
        "hospital": 4, "centre": 20, "station": 100,
    }  # fmt: skip
    assert (len(world.teams.of_crew), len(world.rosters)) == (120, 149)
    assert len({team.name for _, team in world.teams.of_crew}) == 120
    homes = {world.places.home_of(number).id for number in range(1000)}
    assert homes == {team.institution_id for _, team in world.teams.of_crew}
