"""Puts the region into an empty database, and its people into the simulator."""

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
from tools.demo_region import clinics, formulary, places, simulator, teams
from tools.demo_region.allowances import Allowances
from tools.demo_region.contracts import Notary
from tools.demo_region.dice import Dice
from tools.demo_region.people import Inventor
from tools.demo_region.visits import Chronicler
from tools.demo_region.world import World

SEED, RESIDENTS = 20260318, 300


def load(settings: Settings, *, residents: int = RESIDENTS, seed: int = SEED) -> bool:
    """Load the region that the settings name; False when the database has institutions already.

    The simulator is told first: when it is away nothing is written, and the next start tries again.
    """
    app = assemble(settings)
    try:
        with app.app_context():
            return _loaded(settings, residents, seed)
    finally:
        release(app)


def _loaded(settings: Settings, residents: int, seed: int) -> bool:
    if is_loaded():
        return False
    world = invent(Region.load(settings.region), entry.moment(), residents, seed)
    if settings.simulator_url:
        simulator.introduce(settings.simulator_url, world.people, world.allowances.popups)
    with transaction():
        world.write()
    return True


def is_loaded() -> bool:
    """Whether anything is there."""
    with transaction():
        return bool(db.session.execute(select(exists(select(network.Institution)))).scalar_one())


def invent(region: Region, at: datetime, residents: int, seed: int) -> World:
    """The whole world of one seed on one day; nothing is written."""
    dice = Dice(seed)
    found = places.invent(region, dice)
    inventor = Inventor(dice, found, region.division, at)
    today = shanghai_date(at)
    people = inventor.everybody(today, residents)
    crews = teams.invent(dice, people.crews, at)
    contracts = Notary(dice, people, crews.of_crew, at).all(region, today)
    visits = Chronicler(dice, today).all(contracts.signed)
    rosters = clinics.invent(dice, found, people, today)
    drugs = formulary.invent(dice)
    allowances = Allowances(dice, people, at)
    return World(
        region, dice, at, found, people, crews, contracts, visits, rosters, allowances, drugs
    )
