"""The institutions of a region, read from the TOML beside this file."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from backend import network
from backend.kernel.regions import Region
from tools.demo_region.dice import Dice

HERE = Path(__file__).parent
LOOK_UP = "地址以机构公布为准"


@dataclass(frozen=True)
class Host:
    """A hospital, the houses its experts visit (the first one is where the cast works)."""

    hospital: network.Institution
    houses: list[network.Institution]
    weekly_clinics: int


@dataclass(frozen=True)
class Places:
    """All consortia with their hospitals and houses."""

    consortia: list[network.Consortium]
    hosts: list[Host]

    @property
    def houses(self) -> list[network.Institution]:
        """Where residents go."""
        return [house for host in self.hosts for house in host.houses]

    @property
    def rows(self) -> list[Any]:
        """In the order of writing: who leads comes first."""
        leaders = [host.hospital for host in self.hosts]
        return [*self.consortia, *leaders, *self.houses]


def invent(region: Region, dice: Dice) -> Places:
    """The houses of this region; regions without a file of their own get a small invented set."""
    own = HERE / f"{region.name}.toml"
    told = tomllib.loads((own if own.exists() else HERE / "other.toml").read_text("utf-8"))
    centre = told.get("centres", {}).get(region.name, (0.0, 0.0))
    surveyor = _Surveyor(dice, region.title + told["area"], tuple(centre))
    return surveyor.places(told)


class _Surveyor:
    def __init__(self, dice: Dice, area: str, centre: tuple[float, float]) -> None:
        self.dice, self.area, self.centre = dice, area, centre

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
        self, told: Mapping[str, Any], level: network.Level, consortium: UUID, upper: UUID | None
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
