"""`bench rush`: 5,000 residents want the 200 seats of one session, all at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from bench import load
from bench.booking import PARTS, requests
from bench.clinics import People, Sessions, oversold
from bench.figures import Run, each_ms, show
from bench.load import Ask, Size
from tools.launch.stack import Part, Stack

NAME = "rush"
PHONES, SEATS = 5000, 200
LONGEST_S = 60
SOLD, REFUSED = "201", "409"
HAS = "SELECT taken FROM clinic_session WHERE id = %s"


@dataclass(frozen=True)
class Rush:
    """How everybody was answered."""

    answered_in_s: float
    statuses: dict[str, int]
    times: Sequence[float]
    unanswered: int
    cost: Sequence[float] = ()

    @property
    def errors(self) -> int:
        """Who got no answer, or another one than a seat or the word that none is left."""
        answered = sum(self.statuses.values())
        good = self.statuses.get(SOLD, 0) + self.statuses.get(REFUSED, 0)
        return answered - good + self.unanswered

    @property
    def sold(self) -> int:
        """Who has a seat."""
        return self.statuses.get(SOLD, 0)

    def run(self) -> Run:
        """The same as rates and times."""
        return Run(len(self.times), self.answered_in_s, self.times, self.errors)


def main(arguments: Sequence[str]) -> int:
    """Run it; the status is 1 if anything was oversold, unsold, or failed."""
    return load.run(NAME, __doc__, arguments, PARTS, measure)


def measure(stack: Stack, size: Size) -> int:
    """The bare server first, then the product: before anything is warm, and once more."""
    many = size.of(PHONES)
    with psycopg.connect(stack.urls.admin, autocommit=True) as link:
        everybody = People.make(link, 3 * many)
        with load.served(stack, "bench.bare") as port:
            people = everybody.part(0, many)
            bare = at_once(port, requests(stack, people, Sessions.make(link, 1, 1, size.of(SEATS))))
        tell("bare", bare, bare, sold=bare.sold, oversold=0)
        wrong = bare.errors
        for number, scenario in enumerate(("cold", "warm"), 1):
            people = everybody.part(number * many, many)
            found, twice, bad = rush(stack, size, link, people)
            tell(scenario, found, bare, sold=found.sold, oversold=twice)
            wrong += bad
    return 1 if wrong else 0


def rush(
    stack: Stack, size: Size, link: psycopg.Connection, people: People
) -> tuple[Rush, int, int]:
    """One session, and everybody at once; also what was sold twice, and all that went wrong."""
    seats = size.of(SEATS)
    session = Sessions.make(link, 1, 1, seats)
    asked, port = requests(stack, people, session), stack.services[Part.API].port
    with load.costing(*stack.services.values()) as cost:
        found = replace(at_once(port, asked), cost=cost)
    sold = link.execute(HAS, [session.ids[0]]).fetchone()
    assert sold
    twice = oversold(link)
    wrong = found.errors + twice + abs(seats - found.sold) + abs(sold[0] - found.sold)
    return found, twice, wrong


def at_once(port: int, asked: Sequence[Ask]) -> Rush:
    """Let a process of its own be all the phones."""
    told = {"port": port, "seconds": LONGEST_S}
    answer = load.spoken("bench.rush_client", told, [one.line() for one in asked])
    return Rush(**json.loads(answer))


def tell(scenario: str, found: Rush, bare: Rush, **more: Any) -> None:
    """Print one line."""
    seconds = round(found.answered_in_s, 3)
    slower = round(found.answered_in_s / bare.answered_in_s, 2)
    show(
        NAME, scenario, found.run(),
        answered_in_s=seconds, times_bare=slower, statuses=found.statuses,
        cpu_ms=each_ms(found.cost, found.run()), **more,
    )  # fmt: skip
