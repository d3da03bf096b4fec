"""All of it together, and the order in which it is written."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from backend.kernel.database import db
from backend.kernel.regions import Region
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

    def write(self) -> None:
        """Add every row, kind after kind: what refers comes after what it refers to."""
        for rows in (self.places.rows, self.people.rows, self.teams.rows):
            for _, alike in groupby(rows, type):
                db.session.add_all(alike)
                db.session.flush()
