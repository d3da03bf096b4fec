"""A steady load of reminders, planned twice over as by two schedulers that know nothing of another.

What is planned is fixed by the seed; who plans it asks again until the database has it.
"""

import contextlib
import random
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from backend import messaging
from backend.kernel import entry
from backend.kernel.transaction import transaction
from backend.messaging import MessageKind, To
from tools.chaos.books import Item
from tools.chaos.troupe import SHIFT, Troupe

_NEARER = """
UPDATE followup SET due_on = ((now() + c.shift) AT TIME ZONE 'Asia/Shanghai')::date + 7
FROM business_clock c WHERE followup.id IN
  (SELECT id FROM followup WHERE state = 'scheduled' ORDER BY id LIMIT %s)
"""

CHUNK = 5
LATER = timedelta(hours=3)  # business time; what is to be taken back is due then
TAKEN_BACK_AFTER = 4  # chunks
KINDS = {
    MessageKind.DEMO_NOTICE: 6,
    MessageKind.FOLLOW_UP_DUE: 2,
    MessageKind.BOOKING_CONFIRMED: 1,
    MessageKind.FOLLOW_UP_TASK: 2,
}
FOR_STAFF = frozenset({MessageKind.FOLLOW_UP_TASK})
VALUES = {
    MessageKind.DEMO_NOTICE: {"number": "7"},
    MessageKind.BOOKING_CONFIRMED: {"place": "社区卫生服务中心"},
}


class Somebody(NamedTuple):
    """Who may be written to."""

    id: UUID
    openid: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of the run."""

    residents: list[Somebody]
    staff: list[Somebody]


@dataclass(frozen=True, slots=True)
class Wish:
    """A message to be queued; some are taken back before they are due."""

    kind: MessageKind
    person: UUID
    subject: UUID
    is_taken_back: bool

    @property
    def item(self) -> Item:
        """As the books name it."""
        return Item(str(self.kind), self.person, self.subject, "once", "wechat")

    @property
    def page(self) -> str:
        """Tells this message from every other."""
        return f"pages/index/index?id={self.subject}"


def wish(seed: int, number: int, people: People) -> Wish:
    """The wish of that number."""
    dice = random.Random(f"{seed}:{number}")
    (kind,) = dice.choices([*KINDS], [*KINDS.values()])
    persons = people.staff if kind in FOR_STAFF else people.residents
    subject = UUID(int=dice.getrandbits(128), version=4)
    return Wish(kind, dice.choice(persons).id, subject, dice.random() < 0.05)


class Plan:
    """What both planners share: the chunks they reached, and what was taken back when."""

    def __init__(self, seed: int, people: People, per_s: float) -> None:
        self.seed, self.people, self.per_s = seed, people, per_s
        self.over, self.given_up = threading.Event(), threading.Event()
        self.reached = 0
        self.taken_back = dict[UUID, float]()
        self.failures = 0

    def chunk(self, number: int) -> list[Wish]:
        """The wishes of a chunk."""
        first = number * CHUNK
        return [wish(self.seed, n, self.people) for n in range(first, first + CHUNK)]

    def wanted(self) -> list[Item]:
        """What must be in the books."""
        return [one.item for number in range(self.reached) for one in self.chunk(number)]


class Planner(threading.Thread):
    """Queues chunk after chunk, each in a transaction of its own, until the plan is over."""

    def __init__(self, app: Flask, plan: Plan) -> None:
        super().__init__(daemon=True)
        self.app, self.plan = app, plan

    def run(self) -> None:
        """At the plan's pace; a chunk begun is finished."""
        number = 0
        while not self.plan.over.is_set():
            began = time.monotonic()
            if self._surely(number):
                self.plan.reached = max(self.plan.reached, number + 1)
            number += 1
            self.plan.over.wait(CHUNK / self.plan.per_s - (time.monotonic() - began))

    def _surely(self, number: int) -> bool:
        """Asked again as a sweep is: whether a broken COMMIT took place is not known."""
        while not self.plan.given_up.is_set():
            try:
                with self.app.app_context(), transaction():
                    self._queue(self.plan.chunk(number))
                    gone = self._take_back(number - TAKEN_BACK_AFTER)
            except SQLAlchemyError:
                self.plan.failures += 1
                time.sleep(0.2)
            else:
                for subject in gone:
                    self.plan.taken_back.setdefault(subject, time.monotonic())
                return True
        return False

    def _queue(self, wishes: list[Wish]) -> None:
        ctx = entry.now()
        for one in wishes:
            to = To.staff(one.person) if one.kind in FOR_STAFF else To.resident(one.person)
            messaging.queue(
                ctx,
                one.kind,
                to,
                one.subject,
                "once",
                VALUES.get(one.kind, {}),
                page=one.page,
                due=ctx.at + LATER if one.is_taken_back else None,
            )

    def _take_back(self, number: int) -> list[UUID]:
        wishes = self.plan.chunk(number) if number >= 0 else []
        subjects = [one.subject for one in wishes if one.is_taken_back]
        for subject in subjects:
            messaging.withdraw(entry.now(), subject)
        return subjects


class Calendar(threading.Thread):
    """Business time passes faster than real time, and follow-ups come nearer: sweeps have work."""

    EVERY_S, MINUTE_S, SOME, EACH = 2.0, 60, 3, 3

    def __init__(self, troupe: Troupe, plan: Plan) -> None:
        super().__init__(daemon=True)
        self.troupe, self.plan = troupe, plan

    def run(self) -> None:
        """A minute every two seconds, some follow-ups every six."""
        rounds = 0
        while not self.plan.over.wait(self.EVERY_S):
            with contextlib.suppress(psycopg.Error), self.troupe.administering() as link:
                link.execute(SHIFT, [self.MINUTE_S])
                if rounds % self.EACH == 0:
                    link.execute(_NEARER, [self.SOME])
            rounds += 1
