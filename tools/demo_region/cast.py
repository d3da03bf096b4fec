"""The people of the demo whom a visitor may become, as config/demo_cast.toml names them."""

import tomllib
from dataclasses import dataclass
from datetime import date

from backend.identity import Sex
from backend.kernel.context import Role
from config.settings import ROOT


@dataclass(frozen=True)
class Person:
    """One of them; `born`, `sex` and health are told of residents, the title of staff."""

    key: str
    role: Role
    name: str
    openid: str
    about: str
    born: date = date(1962, 3, 8)
    sex: Sex = Sex.FEMALE
    hypertension: bool = False
    signed: bool = False
    title: str = ""
    specialty: str | None = None
    team: bool = False

    @property
    def is_resident(self) -> bool:
        """Whether this is one of those who are cared for."""
        return self.role is Role.RESIDENT


def read() -> list[Person]:
    """Everybody, in the order of the file."""
    told = tomllib.loads((ROOT / "config" / "demo_cast.toml").read_text("utf-8"))["person"]
    return [
        Person(**one | {"role": Role(one["role"]), "sex": Sex(one.get("sex", Sex.FEMALE))})
        for one in told
    ]
