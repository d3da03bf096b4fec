from datetime import datetime
from pathlib import Path

import pytest
from conftest import MORNING, environment
from flask import Flask
from sqlalchemy import create_engine, text

from backend.identity.documents import id_number
from backend.kernel.database import driver_url
from backend.kernel.regions import Region, known
from config.settings import Settings
from tools.demo_region import load
from tools.demo_region.load import SEED, invent
from tools.demo_region.world import World

AS_PRINTED = {
    "湖州市中心医院",
    "湖州市第一人民医院",
    "环渚龙泉街道社区卫生服务中心",
    "吴兴区人民医院",
}


def a_world(region: str = "huzhou", at: datetime = MORNING, seed: int = SEED) -> World:
    return invent(Region.load(region), at, 120, seed)


def facts(world: World) -> list[object]:
    people = [
        (patient.row.id, patient.row.name, patient.signed) for patient in world.people.patients
    ]
    return [people, [(each.id, each.name, each.title) for each in world.people.staff]]


def test_one_seed_makes_one_world(app: Flask) -> None:
    assert facts(a_world()) == facts(a_world())
    assert facts(a_world()) != facts(a_world(seed=1))


def test_only_what_is_printed_is_named_and_all_else_is_marked(app: Flask) -> None:
    world = a_world()
    houses = [*world.places.houses, *(host.hospital for host in world.places.hosts)]
    assert {house.name for house in houses if not house.is_example} == AS_PRINTED
    assert all("示例" in house.name for house in houses if house.is_example)
    assert all("示例" in person.title for person in world.people.staff)
    assert all("示例" in team.name for _, team in world.teams.of_crew)


def test_huzhou_has_the_houses_and_clinics_of_the_article(app: Flask) -> None:
    hosts = a_world().places.hosts
    assert [(len(host.houses), host.weekly_clinics) for host in hosts] == [(8, 73), (6, 76)]
    assert len(a_world().rosters) == 73 + 76


def test_people_have_well_formed_numbers_of_no_county_and_no_persons_phone(app: Flask) -> None:
    for patient in a_world().people.patients:
        number = id_number(patient.row.id_number or "", MORNING.date())
        assert (number.born_on, number.sex) == (patient.row.birth_date, patient.row.sex)
        assert number.number[4:6] == "99"
        assert (patient.row.phone or "").startswith("140")


@pytest.mark.parametrize("region", known())
def test_every_region_can_be_invented(app: Flask, region: str) -> None:
    world = a_world(region)
    assert len(world.people.patients) == 120
    assert len(world.teams.of_crew) == len(world.places.houses) + 1


def test_loading_twice_changes_nothing(own_database: str, tmp_path: Path) -> None:
    settings = Settings.from_env(environment(own_database, tmp_path))
    assert load(settings, residents=40)
    before = counted(own_database)
    assert not load(settings, residents=40)
    assert counted(own_database) == before
    assert before["resident"] == 40


def counted(url: str) -> dict[str, int]:
    tables = [
        "institution",
        "staff",
        "resident",
        "account",
        "team",
        "membership",
        "contract",
        "relation",
    ]
    tables += ["clinic_session", "clinic_seat"]
    engine = create_engine(driver_url(url))
    with engine.connect() as link:
        found = {
            name: link.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables
        }
    engine.dispose()
    return found
