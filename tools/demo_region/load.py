"""Puts the region into an empty database, and its people into the simulator."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select

from backend import network
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.calendar import shanghai_date
from backend.kernel.database import db
from backend.kernel.regions import Region
from backend.kernel.transaction import transaction
from config.settings import Settings
from tools.demo_region import clinics, crowd, formulary, places, simulator, teams
from tools.demo_region.allowances import Allowances
from tools.demo_region.contracts import Notary
from tools.demo_region.dice import Dice
from tools.demo_region.people import Inventor
from tools.demo_region.visits import Chronicler
from tools.demo_region.world import World

SEED, RESIDENTS = 20260318, 300
MANY = 10_000  # from here on the region is as large as a tenant
Say = Callable[[str], None]


def load(
    settings: Settings, *, residents: int = RESIDENTS, seed: int = SEED, say: Say = print
) -> bool:
    """Load the region that the settings name; False when the database has institutions already.

    It is there whole or not at all. The simulator is told first: when it is away nothing is
    written, and the next start tries again. It knows those whom a visitor may meet; of the crowd,
    which is copied as the owner of the database, it knows nobody.
    """
    app = assemble(replace(settings, database_url=settings.migrator_database_url))
    try:
        with app.app_context():
            return _loaded(settings, residents, seed, say)
    finally:
        release(app)


def _loaded(settings: Settings, residents: int, seed: int, say: Say) -> bool:
    if is_loaded():
        return False
    met = min(residents, RESIDENTS)
    world, inventor = make(Region.load(settings.region), entry.moment(), residents, seed)
    if settings.simulator_url:
        simulator.introduce(settings.simulator_url, world.people, world.allowances.popups)
    with transaction():
        world.write()
        if residents > met:
            crowd.write(crowd.Crowd(world, inventor, met, residents - met), say)
    return True


def is_loaded() -> bool:
    """Whether anything is there."""
    with transaction():
        return bool(db.session.execute(select(exists(select(network.Institution)))).scalar_one())


def invent(region: Region, at: datetime, residents: int, seed: int) -> World:
    """The world of one seed on one day, without the crowd; nothing is written."""
    return make(region, at, residents, seed)[0]


def make(region: Region, at: datetime, residents: int, seed: int) -> tuple[World, Inventor]:
    """The same, and who makes further people up."""
    dice = Dice(seed)
    found = places.invent(region, dice, whole=residents >= MANY)
    inventor = Inventor(dice, found, region.division, at)
    today = shanghai_date(at)
    people = inventor.everybody(today, min(residents, RESIDENTS))
    crews = teams.invent(dice, people.crews, at)
    contracts = Notary(dice, people, crews.of_crew, at).all(region, today)
    visits = Chronicler(dice, today).all(contracts.signed)
    rosters = clinics.invent(dice, found, people, today)
    drugs = formulary.invent(dice)
    allowances = Allowances(dice, people, at)
    world = World(
        region, dice, at, found, people, crews, contracts, visits, rosters, allowances, drugs
    )
    return world, inventor
