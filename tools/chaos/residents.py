"""People with phones, who ask for bursts, answer follow-ups, want no reminders, and want them."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from tools.story.client import Person, Server

PAUSE_S = (0.2, 0.8)
LONGEST_BURST = 25
REMINDERS = "reminders"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody wanted no reminders, from one instant (monotonic) until another."""

    openid: str
    since: float
    until: float


class Acts:
    """What the residents of a run did."""

    def __init__(self) -> None:
        self.over, self.given_up = threading.Event(), threading.Event()
        self.answered = self.failed = 0
        self.bursts = dict[str, int]()
        self.refusals = list[Refusal]()


class Resident(threading.Thread):
    """One after another of some people does something; a dead API costs time and is asked anew."""

    def __init__(
        self, addresses: tuple[str, str], openids: list[str], seed: str, acts: Acts
    ) -> None:
        super().__init__(daemon=True)
        self.api, self.simulator = Server(addresses[0]), Server(addresses[1])
        self.people = [Person(self.api, self.simulator, one, one, "resident") for one in openids]
        self.dice, self.acts = random.Random(seed), acts
        self.out = dict[str, float]()

    def run(self) -> None:
        """Until it is over; who is out comes back in the end."""
        while not self.acts.over.wait(self.dice.uniform(*PAUSE_S)):
            self._try(self.dice.choice(self.people), self._any())
        for person in self.people:
            while person.openid in self.out and not self.acts.given_up.wait(0.2):
                self._try(person, self._come_back)
        self.api.close()
        self.simulator.close()

    def _any(self) -> Callable[[Person], None]:
        acts = [self._burst, self._answer, self._refuse, self._come_back, self._read]
        return self.dice.choices(acts, [4, 3, 1, 2, 2])[0]

    def _try(self, person: Person, act: Callable[[Person], None]) -> bool:
        try:
            if not person.person and person.log_in().status != 201:
                raise KeyError("log-in")  # the code was used up by an answer that was lost
            act(person)
        except (httpx2.HTTPError, KeyError, ValueError, TypeError):
            self.acts.failed += 1
            person.person = ""
            return False
        self.acts.answered += 1
        return True

    def _burst(self, _person: Person) -> None:
        count = self.dice.randint(1, LONGEST_BURST)
        told = self.api.ask("POST", "/api/v1/demo/bursts", {"count": count})
        self.acts.bursts[told["id"]] = count

    def _answer(self, person: Person) -> None:
        for visit in person.get("/resident/follow-ups")["items"]:
            if visit["acts"]:
                found: dict[str, Any] = {"systolic": 132, "diastolic": 84, "heart_rate": 70}
                person.post(f"/resident/follow-ups/{visit['id']}/answer", found)
                return

    def _refuse(self, person: Person) -> None:
        path = f"/resident/me/consents/{REMINDERS}"
        digest = person.get(f"{path}/consequences")["digest"]
        if person.post(f"{path}/withdrawal", {"digest": digest}).status == 200:
            self.out.setdefault(person.openid, time.monotonic())

    def _come_back(self, person: Person) -> None:
        if (since := self.out.get(person.openid)) is None:
            return
        version = person.get(f"/open/consent-texts/{REMINDERS}")["version"]
        before = time.monotonic()
        person.post("/resident/me/consents", {"purpose": REMINDERS, "version": version})
        self.acts.refusals.append(Refusal(person.openid, since, before))
        del self.out[person.openid]

    def _read(self, person: Person) -> None:
        _ = person.get("/resident/messages")["items"]
