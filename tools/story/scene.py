"""What one step leaves to the next: the resident whose story it is, and what she holds."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from backend.identity.documents import check_character
from backend.kernel.calendar import SHANGHAI, add_months, shanghai_date
from tools.story.client import Person
from tools.story.stage import Stage
from tools.story.telling import Teller

NAME, AGE = "王桂芬", 64
NO_COUNTY, NO_PERSONS_PHONE = "330599", "140"


@dataclass
class Scene:
    """The stage, the teller, and a resident nobody has met before.

    `house` is her centre, `next_visit` the follow-up planned last.
    """

    ZONE: ClassVar[ZoneInfo] = SHANGHAI

    stage: Stage
    tell: Teller
    resident: Person
    id_number: str
    phone: str
    burst: int = 500
    resident_id: str = ""
    house: str = ""
    next_visit: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, stage: Stage, tell: Teller) -> "Scene":
        """Give WeChat a new user, and the real-name provider a new person."""
        resident, phone = new_user(stage, NAME)
        number = new_person(stage, NAME)
        return cls(stage, tell, resident, number, phone)

    def today(self) -> date:
        """The business date."""
        return shanghai_date(self.stage.now())

    def wait(self, seconds: float) -> None:
        """Give what must not happen the time to happen."""
        time.sleep(seconds)

    def newcomer(self, name: str) -> Person:
        """Somebody who has logged in, given a phone and agreed, but is not verified yet."""
        person, _ = new_user(self.stage, name)
        person.log_in()
        person.put("/resident/me/phone", {"code": person.phone_code()})
        for text in ("health-data", "reminders"):
            agreed = person.get(f"/open/consent-texts/{text}")
            given = {"purpose": agreed["purpose"], "version": agreed["version"]}
            person.post("/resident/me/consents", given)
        return person

    def neighbour(self, name: str, age: int = AGE, *, is_man: bool = False) -> Person:
        """Somebody else who is verified."""
        person = self.newcomer(name)
        number = new_person(self.stage, name, age, is_man=is_man)
        person.post("/resident/me/verification", {"name": name, "id_number": number})
        person.recall()
        return person


def new_person(stage: Stage, name: str, age: int = AGE, *, is_man: bool = False) -> str:
    """Somebody whom the real-name provider knows: an ID number."""
    number = new_id_number(shanghai_date(stage.now()), age, is_man=is_man)
    stage.simulator.ask("POST", "/_sim/people", {"name": name, "id_number": number})
    return number


def new_user(stage: Stage, name: str) -> tuple[Person, str]:
    """Somebody with a phone who never opened the mini-program, and the number."""
    openid = f"story-{secrets.token_hex(8)}"
    phone = f"{NO_PERSONS_PHONE}9{secrets.randbelow(10**7):07d}"
    stage.simulator.ask("POST", "/_sim/users", {"openid": openid, "name": name, "phone": phone})
    return Person(stage.api, stage.simulator, openid, name, "resident"), phone


def new_id_number(today: date, age: int, *, is_man: bool) -> str:
    """The invented number of somebody who is so old today, of a county that does not exist."""
    born = add_months(today, -12 * age) - timedelta(days=secrets.randbelow(300))
    body = f"{NO_COUNTY}{born:%Y%m%d}{secrets.randbelow(500) * 2 + is_man:03d}"
    return body + check_character(body)
