"""The family-doctor teams: one a house, and the cast's own at the first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend import teams
from backend.kernel.relations import Belonging, Membership
from tools.demo_region.dice import Dice
from tools.demo_region.people import Crew

NAMES = "春风 杏林 清荷 晨光 青松 绿茵 同心 暖阳 安康 和悦 守望 星火 桑梓 晴川 云栖 望湖"
SINCE = timedelta(days=400)


@dataclass
class Teams:
    """Every team, in the order of the crews, and who belongs to it."""

    of_crew: list[tuple[Crew, teams.Team]]
    memberships: list[Membership]

    @property
    def rows(self) -> list[Any]:
        """In the order of writing."""
        return [*(team for _, team in self.of_crew), *self.memberships]


def invent(dice: Dice, crews: list[Crew], at: datetime) -> Teams:
    """A team for each crew; its first member leads."""
    found = [(crew, _team(dice, crew, name(n))) for n, crew in enumerate(crews)]
    memberships = [
        Membership(
            id=dice.id(),
            staff_id=person.id,
            party_id=team.id,
            kind=Belonging.TEAM_LEAD if person is crew.members[0] else Belonging.TEAM,
            valid_from=at - SINCE,
        )
        for crew, team in found
        for person in crew.members
    ]
    return Teams(found, memberships)


def name(number: int) -> str:
    """Another one for each; from the seventeenth on they are counted."""
    names = NAMES.split()
    again, which = divmod(number, len(names))
    return names[which] + (f"第{again + 1}" if again else "")


def _team(dice: Dice, crew: Crew, name: str) -> teams.Team:
    return teams.Team(
        id=dice.id(),
        institution_id=crew.house.id,
        name=f"{name}家庭医生团队（示例）",
        introduction="慢病随访、长处方、转诊和健康咨询。演示用的虚构团队。",
    )
