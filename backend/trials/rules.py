"""When a trial of wordings is over: looks fixed beforehand, people before knowledge.

Haybittle and Peto's bounds: a look before the last finds a benefit only beyond 3.29 standard
errors, so that looking costs next to nothing; the last takes 2.24, which is 5 % over two
comparisons. An arm that seems to harm (beyond 2) ends the trial at any look.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LOOKS = 4
EARLY, LAST, HARM = 3.29, 2.24, 2.0


@dataclass(frozen=True, kw_only=True)
class TrialPolicy:
    """What the region lays down: whether people may be tried on at all, and how many at most."""

    allowed: bool
    least_people: int
    most_people: int
    longest_days: int


class Verdict(StrEnum):
    """Why a trial ended."""

    HARM = "harm"
    BENEFIT = "benefit"
    NO_DIFFERENCE = "no_difference"
    OUT_OF_TIME = "out_of_time"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the people of one arm; each counts once."""

    written_to: int = 0
    read: int = 0
    came: int = 0
    cancelled: int = 0
    missed: int = 0

    @property
    def known(self) -> int:
        """How many of whom it is known what they did."""
        return self.came + self.cancelled + self.missed

    @property
    def lost(self) -> float:
        """The share whose seat stayed empty: neither came nor gave it back."""
        return self.missed / self.known if self.known else 0.0


def benefit(control: Tally, arm: Tally) -> float:
    """How many standard errors fewer seats an arm loses than the usual wording; below 0, more."""
    total = control.known + arm.known
    if not control.known or not arm.known:
        return 0.0
    share = (control.missed + arm.missed) / total
    error = math.sqrt(share * (1 - share) * (1 / control.known + 1 / arm.known))
    return (control.lost - arm.lost) / error if error else 0.0


def looks_due(known: int, people: int) -> int:
    """How many of the looks fixed beforehand are due with so many known outcomes."""
    return min(LOOKS, known * LOOKS // people)


def judge(
    tallies: Mapping[int, Tally], looked: int, people: int, today: date, ends_on: date
) -> Verdict | None:
    """Why the trial is over now, `None` while it goes on; arm 0 is the usual wording."""
    due = looks_due(sum(one.known for one in tallies.values()), people)
    if due > looked and (verdict := _look(tallies, is_last=due == LOOKS)):
        return verdict
    return Verdict.OUT_OF_TIME if today > ends_on else None


def _look(tallies: Mapping[int, Tally], *, is_last: bool) -> Verdict | None:
    found = [benefit(tallies[0], tally) for number, tally in tallies.items() if number]
    if min(found) <= -HARM:
        return Verdict.HARM
    if max(found) >= (LAST if is_last else EARLY):
        return Verdict.BENEFIT
    return Verdict.NO_DIFFERENCE if is_last else None
