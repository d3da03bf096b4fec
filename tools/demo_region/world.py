"""All of it together, and the order in which it is written."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from backend.clinics import Roster
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.regions import Region
from tools.demo_region import clinics
from tools.demo_region.contracts import Contracts
from tools.demo_region.dice import Dice
from tools.demo_region.people import People
from tools.demo_region.places import Places
from tools.demo_region.teams import Teams


@dataclass
class World:
    """What was made up."""

    region: Region
    dice: Dice
    at: datetime
    places: Places
    people: People
    teams: Teams
    contracts: Contracts
    rosters: list[Roster]

    def write(self) -> None:
        """Add every row, kind after kind: what refers comes after what it refers to."""
        parts = (self.places, self.people, self.teams, self.contracts)
        for rows in (*(part.rows for part in parts), self.rosters):
            for _, alike in groupby(rows, type):
                db.session.add_all(alike)
                db.session.flush()
        clinics.generate(entry.now())
