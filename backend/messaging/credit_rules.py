"""How many messages somebody agreed to, as told by everything that was ever written down of it.

What is written down comes in any order: WeChat's events late, a client's reports not at all, both
about the same tap. So the number is a function of all of it, never a sum of first impressions.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.messaging.models import Entry

# A report and an event of one template that lie no further apart speak of one tap.
ONE_TAP = timedelta(minutes=10)
_EMPTYING = frozenset({Entry.REFUSED, Entry.SWITCHED_OFF})
_COUNTING = _EMPTYING | {Entry.SENT, Entry.BROUGHT_FORWARD}


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the ledger: what, and when it happened (business time); `many` is brought."""

    entry: Entry
    at: datetime
    many: int = 1


def left(facts: Sequence[Fact], *, is_long_term: bool = False) -> int:
    """What is left of one template after all of these; a long-term one is agreed to (1) or not."""
    number = 0
    for step in sorted(_steps(facts), key=lambda fact: fact.at):
        if step.entry in _EMPTYING:
            number = 0
        elif step.entry is Entry.SENT:
            number = number if is_long_term else max(0, number - 1)
        else:
            number = 1 if is_long_term else number + step.many
    return number


def _steps(facts: Sequence[Fact]) -> Iterator[Fact]:
    """What counts, each tap once."""
    for at in taps(_times(facts, Entry.ACCEPTED), _times(facts, Entry.CONFIRMED)):
        yield Fact(Entry.CONFIRMED, at)
    yield from (fact for fact in facts if fact.entry in _COUNTING)


def taps(reports: Iterable[datetime], events: Iterable[datetime]) -> Iterator[datetime]:
    """When somebody tapped: each event, and each report that no event confirms.

    Both are gone through in the order of time, so that as many as possible find each other,
    whatever order they came in.
    """
    waiting, confirming = sorted(reports), sorted(events)
    yield from confirming
    while waiting:
        report = waiting.pop(0)
        while confirming and confirming[0] < report - ONE_TAP:
            confirming.pop(0)
        if confirming and confirming[0] <= report + ONE_TAP:
            confirming.pop(0)
        else:
            yield report


def is_off(facts: Sequence[Fact]) -> bool:
    """Whether the person switched it off in WeChat's settings, and did not agree to any since."""
    off = _times(facts, Entry.SWITCHED_OFF)
    agreed = [*_times(facts, Entry.ACCEPTED), *_times(facts, Entry.CONFIRMED)]
    return bool(off) and not any(at > max(off) for at in agreed)


def _times(facts: Sequence[Fact], entry: Entry) -> list[datetime]:
    return [fact.at for fact in facts if fact.entry is entry]
