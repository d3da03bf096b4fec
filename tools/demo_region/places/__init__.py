"""The institutions of a region, read from the TOML beside this file."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from backend import network
from backend.kernel.regions import Region
from tools.demo_region.dice import Dice

HERE = Path(__file__).parent
LOOK_UP = "地址以机构公布为准"
# A tenant of about a million residents: its houses, and the weekly clinics of its experts.
WHOLE = {network.Level.HOSPITAL: 4, network.Level.CENTRE: 20, network.Level.STATION: 100}
CLINICS, AROUND = 149, 0.15
EARLIER, LATER = "桃梅兰荷桂松竹柏枫杨", "源泉溪湾坪岭坞塘屿洲"
ENDINGS = {
    network.Level.HOSPITAL: "医院（示例）",
    network.Level.CENTRE: "街道社区卫生服务中心（示例）",
    network.Level.STATION: "社区卫生服务站（示例）",
}


@dataclass
class Host:
    """A hospital, the houses it leads (the first one is where the cast works), its clinics."""

    hospital: network.Institution
    houses: list[network.Institution]
    weekly_clinics: int
    is_grown: bool = False

    @property
    def sites(self) -> list[network.Institution]:
        """Where its experts go; in a whole tenant there are too many stations."""
        stations = network.Level.STATION
        return [house for house in self.houses if not self.is_grown or house.level != stations]


@dataclass(frozen=True)
class Places:
    """All consortia with their hospitals and houses."""

    consortia: list[network.Consortium]
    hosts: list[Host]
    is_grown: bool = False

    @property
    def with_teams(self) -> list[network.Institution]:
        """Which houses have a team beside the cast's own; in a whole tenant each has one alone."""
        if not self.is_grown:
            return self.houses
        return [one for one in self.houses[1:] if one.level != network.Level.HOSPITAL]

    @cached_property
    def homes(self) -> list[network.Institution]:
        """Where residents are cared for."""
        return [self.houses[0], *self.with_teams] if self.is_grown else self.houses

    def home_of(self, number: int) -> network.Institution:
        """The house of the nth resident; a third of a small world go where the cast works."""
        if not self.is_grown and number % 3 == 0:
            return self.houses[0]
        return self.homes[number % len(self.homes)]

    @property
    def houses(self) -> list[network.Institution]:
        """Where residents go."""
        return [house for host in self.hosts for house in host.houses]

    @property
    def rows(self) -> list[Any]:
        """In the order of writing: who leads comes first."""
        leaders = [host.hospital for host in self.hosts]
        return [*self.consortia, *leaders, *self.houses]


def invent(region: Region, dice: Dice, *, whole: bool = False) -> Places:
    """The houses of this region; regions without a file of their own get a small invented set.

    A whole one has as many as a tenant of a million people.
    """
    own = HERE / f"{region.name}.toml"
    told = tomllib.loads((own if own.exists() else HERE / "other.toml").read_text("utf-8"))
    centre = told.get("centres", {}).get(region.name, (0.0, 0.0))
    surveyor = _Surveyor(dice, region.title + told["area"], tuple(centre))
    found = surveyor.places(told)
    return surveyor.grown(found) if whole else found


class _Surveyor:
    def __init__(self, dice: Dice, area: str, centre: tuple[float, float]) -> None:
        self.dice, self.area, self.centre = dice, area, centre
        self.middle = centre

    def places(self, told: Mapping[str, Any]) -> Places:
        consortia = [
            network.Consortium(id=self.dice.id(), name=c["name"]) for c in told["consortium"]
        ]
        hosts = [
            host
            for row, consortium in zip(consortia, told["consortium"], strict=True)
            for host in self._hosts(row.id, consortium["hospital"])
        ]
        return Places(consortia, hosts)

    def grown(self, small: Places) -> Places:
        """What is there, and as many more of each kind as a whole tenant has."""
        first = small.houses[0]
        self.middle = first.latitude - self.centre[0], first.longitude - self.centre[1]
        for host in small.hosts:
            host.is_grown = True
        seats = [host for host in small.hosts if host.weekly_clinics]
        seats[0].weekly_clinics += CLINICS - sum(host.weekly_clinics for host in seats)
        for level in (network.Level.CENTRE, network.Level.STATION):
            for number, name in enumerate(self._lacking(small, level)):
                self._join(seats[number % len(seats)], level, name)
        hospitals = [
            Host(self._found(name, network.Level.HOSPITAL, small.consortia[0].id), [], 0)
            for name in self._lacking(small, network.Level.HOSPITAL)
        ]
        return Places(small.consortia, [*small.hosts, *hospitals], is_grown=True)

    def _lacking(self, small: Places, level: network.Level) -> list[str]:
        there = [*small.houses, *(host.hospital for host in small.hosts)]
        missing = WHOLE[level] - sum(house.level is level for house in there)
        names = [f"{first}{later}{ENDINGS[level]}" for later in LATER for first in EARLIER]
        return names[: max(missing, 0)]

    def _join(self, host: Host, level: network.Level, name: str) -> None:
        consortium, upper = host.hospital.consortium_id, host.hospital.id
        host.houses.append(self._found(name, level, consortium, upper))

    def _found(
        self, name: str, level: network.Level, consortium: UUID | None, upper: UUID | None = None
    ) -> network.Institution:
        north, east = self.dice.near(*self.middle, AROUND)
        told = {"name": name, "latitude": north, "longitude": east}
        return self._house(told, level, consortium, upper)

    def _hosts(self, consortium: UUID, hospitals: list[dict[str, Any]]) -> Iterator[Host]:
        for told in hospitals:
            led = [
                (network.Level(kind), house)
                for kind in ("centre", "station")
                for house in told.get(kind, [])
            ]
            hospital = self._house(told, network.Level.HOSPITAL, consortium, None)
            houses = [self._house(house, kind, consortium, hospital.id) for kind, house in led]
            yield Host(hospital, houses, told["clinics"])

    def _house(
        self,
        told: Mapping[str, Any],
        level: network.Level,
        consortium: UUID | None,
        upper: UUID | None,
    ) -> network.Institution:
        north, east = self.centre
        example = told.get("example", True)
        return network.Institution(
            id=self.dice.id(),
            consortium_id=consortium,
            upper_id=upper,
            name=told["name"],
            level=network.Level(told.get("level", level)),
            address=f"{self.area}示例路1号（示例）" if example else f"{self.area}（{LOOK_UP}）",
            phone=None,
            latitude=north + told["latitude"],
            longitude=east + told["longitude"],
            is_example=example,
        )
