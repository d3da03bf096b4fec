"""Looks on while things fail: when messages are handed over, how long a transaction stays open,
and how soon what was killed has been taken over.
"""

import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from tools.chaos.schedule import Target
from tools.chaos.troupe import Troupe

EVERY_S, LATE_S = 0.1, 0.3
AFTER_A_FREEZE_S = 2.0
_OPEN = """
SELECT application_name, state = 'active', extract(epoch FROM clock_timestamp() - xact_start)
FROM pg_stat_activity WHERE application_name LIKE 'sender-%' AND xact_start IS NOT NULL
"""
_STATE = """
SELECT (SELECT coalesce(array_agg(DISTINCT sender), '{}') FROM message WHERE state = 'sending'),
  (SELECT max(claimed_at) FROM tick),
  (SELECT min(next_at) FROM delivery WHERE state = 'pending')
"""


@dataclass(frozen=True, slots=True)
class State:
    """Who holds messages, when a sweep last began, since when a reaction waits, what was sent."""

    holders: list[str]
    ticked_at: datetime
    waiting_since: datetime | None
    handed_over: int


@dataclass(slots=True)
class Wound:
    """A kill, or a freeze; `over_s` is how long it took until nothing showed it any more."""

    target: Target
    pid: int | None
    at: float
    wall: datetime
    handed_over: int
    over_s: float | None = None

    def is_healed(self, now: State) -> bool:
        """Whether messages are handed over again, and what it had begun is in other hands."""
        if now.handed_over <= self.handed_over:
            return False
        match self.target:
            case Target.SENDER:
                return not any(f"-{self.pid}-" in holder for holder in now.holders)
            case Target.SCHEDULER:
                return now.ticked_at > self.wall
            case Target.RELAY:
                return now.waiting_since is None or now.waiting_since > self.wall
            case _:
                return True


class Watcher(threading.Thread):
    """Looks ten times a second; while the database is away it waits."""

    def __init__(self, troupe: Troupe) -> None:
        super().__init__(daemon=True)
        self.troupe = troupe
        self.over = threading.Event()
        self.wounds = list[Wound]()
        self.longest_s = {False: 0.0, True: 0.0}
        self.not_counted = dict[str, float]()  # by sender: until when its transactions are not
        self._seen: tuple[list[int], list[float]] = [], []
        self._ledger_bytes = self.handed_over = 0

    def wound(self, target: Target, pid: int | None) -> None:
        """Something was killed or frozen just now."""
        wall = datetime.now(UTC)
        self.wounds.append(Wound(target, pid, time.monotonic(), wall, self.handed_over))

    def froze(self, name: str, seconds: float) -> None:
        """A frozen sender's transaction is its freezer's fault."""
        self.not_counted[name] = time.monotonic() + seconds + AFTER_A_FREEZE_S

    def arrived_at(self, seq: int) -> float:
        """When that delivery was seen (monotonic), never before it took place."""
        seqs, times = self._seen
        place = bisect_left(seqs, seq)
        return times[place] if place < len(times) else time.monotonic()

    def run(self) -> None:
        """Until it is over."""
        while not self.over.wait(EVERY_S):
            try:
                with self.troupe.administering() as link:
                    self._look(link)
            except psycopg.Error:
                self.look_at_ledger()

    def _look(self, link: psycopg.Connection) -> None:
        before = time.monotonic()
        while not self.over.wait(EVERY_S):
            self.look_at_ledger()
            if time.monotonic() - before < LATE_S:  # else nobody had the processor
                self._look_at_transactions(link)
            before = time.monotonic()
            self._look_at_wounds(link)

    def look_at_ledger(self) -> None:
        """Count the lines that are new."""
        if not self.troupe.ledger.exists():
            return
        with self.troupe.ledger.open("rb") as file:
            file.seek(self._ledger_bytes)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        if whole:
            self._ledger_bytes += len(whole)
            self.handed_over += whole.count(b"\n")
            self._seen[0].append(self.handed_over)
            self._seen[1].append(time.monotonic())

    def _look_at_transactions(self, link: psycopg.Connection) -> None:
        """Those whose process is elsewhere, with WeChat for instance, and those being worked on."""
        for name, is_worked, seconds in link.execute(_OPEN):
            if time.monotonic() > self.not_counted.get(name, 0):
                longest = max(self.longest_s[is_worked], float(seconds))
                self.longest_s[is_worked] = longest

    def _look_at_wounds(self, link: psycopg.Connection) -> None:
        open_wounds = [wound for wound in self.wounds if wound.over_s is None]
        if not open_wounds:
            return
        (found,) = link.execute(_STATE).fetchall()
        state = State(found[0], found[1], found[2], self.handed_over)
        for wound in open_wounds:
            if wound.is_healed(state):
                wound.over_s = time.monotonic() - wound.at

    def recovery_s(self) -> dict[str, float]:
        """By target, how long the slowest wound stayed open; one that still is, until now."""
        slowest: dict[str, float] = {}
        for wound in self.wounds:
            took = time.monotonic() - wound.at if wound.over_s is None else wound.over_s
            slowest[wound.target] = round(max(slowest.get(wound.target, 0.0), took), 1)
        return slowest
