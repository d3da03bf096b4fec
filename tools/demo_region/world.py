"""All of it together, and the order in which it is written."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from backend.clinics import Roster
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.regions import Region
from backend.prescriptions import FormularyDrug
from tools.demo_region import clinics, family, wishes
from tools.demo_region.allowances import Allowances
from tools.demo_region.contracts import Contracts
from tools.demo_region.dice import Dice
from tools.demo_region.people import People
from tools.demo_region.places import Places
from tools.demo_region.teams import Teams
from tools.demo_region.visits import Visits


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
    visits: Visits
    rosters: list[Roster]
    allowances: Allowances
    formulary: list[FormularyDrug]

    def write(self) -> None:
        """Add every row, kind after kind: what refers comes after what it refers to."""
        parts = (self.places, self.people, self.teams, self.contracts, self.visits)
        for rows in (
            *(part.rows for part in parts),
            self.rosters,
            self.allowances.rows(),
            self.formulary,
        ):
            for _, alike in groupby(rows, type):
                db.session.bulk_save_objects(list(alike))
        clinics.generate(entry.now())
        family.agree(self.people)
        wishes.ask(self.people, self.contracts.signed)
