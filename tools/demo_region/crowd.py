"""The many beside those whom a visitor meets: made by the same rules, a few thousand at a time.

What is in memory is one batch, whatever the number of residents.
"""

import gc
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from backend.kernel.calendar import shanghai_date
from backend.kernel.database import Base, db
from tools.demo_region.bulk import Copier
from tools.demo_region.contracts import Notary
from tools.demo_region.people import Inventor
from tools.demo_region.visits import Chronicler
from tools.demo_region.world import World

AT_ONCE = 2_000
KINDS = ("resident", "account", "consent", "agreement", "contract", "relation")
TABLES = (*KINDS, "enrolment", "followup", "measurement")
Say = Callable[[str], None]


class Crowd:
    """Neighbours who follow the world's own, numbered on from `first`."""

    def __init__(self, world: World, inventor: Inventor, first: int, many: int) -> None:
        self.world, self.inventor = world, inventor
        self.numbers = range(first, first + many)
        self.today = shanghai_date(world.at)

    def batches(self) -> Iterator[tuple[int, list[Base]]]:
        """How many people with all their rows, kind after kind, what refers after what it names."""
        for start in range(0, len(self.numbers), AT_ONCE):
            numbers = self.numbers[start : start + AT_ONCE]
            yield len(numbers), self._rows(numbers)

    def _rows(self, numbers: range) -> list[Any]:
        world = self.world
        people = self.inventor.neighbours(numbers, self.today)
        notary = Notary(world.dice, people, world.teams.of_crew, world.at)
        contracts = notary.of_crowd(self.today)
        visits = Chronicler(world.dice, self.today).all(contracts.signed)
        return [*people.rows, *contracts.rows, *visits.rows]


def write(crowd: Crowd, say: Say) -> None:
    """Copy everybody in the transaction at hand; the next batch is made while one is written."""
    connection = db.session.connection()
    link: Any = connection.connection.driver_connection
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        link.execute(f"SET LOCAL {limit} = 0")
    progress = Progress(len(crowd.numbers), say)
    with _no_rounds(), ThreadPoolExecutor(1) as writer:
        pending: Future[int] | None = None
        for people, rows in crowd.batches():
            if pending:
                pending.result()
            pending = writer.submit(Copier(link).write, rows)
            progress.made(people, len(rows))
        if pending:
            pending.result()
    link.execute(f"ANALYZE {', '.join(TABLES)}")
    progress.ended()


@contextmanager
def _no_rounds() -> Iterator[None]:
    """Rows go with their batch; looking for cycles among the living would take a fifth more."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Progress:
    """A line now and then: how far, how fast, how much memory."""

    EVERY_S = 5

    def __init__(self, whole: int, say: Say) -> None:
        self.whole, self.say = whole, say
        self.people = self.rows = 0
        self.began = self.said = time.monotonic()

    def made(self, people: int, rows: int) -> None:
        """Count a batch."""
        self.people, self.rows = self.people + people, self.rows + rows
        if time.monotonic() - self.said >= self.EVERY_S:
            self.said = time.monotonic()
            self.say(f"{self.people:,} of {self.whole:,} residents, {self._pace()}")

    def ended(self) -> None:
        """Tell the whole."""
        self.say(f"{self.people:,} residents with {self.rows:,} rows, {self._pace()}")

    def _pace(self) -> str:
        seconds = time.monotonic() - self.began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return f"{self.people / seconds:,.0f}/s, {seconds:.0f} s, peak {peak} MiB"
