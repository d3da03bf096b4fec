"""When to ask somebody to agree to which messages, so that nobody is nagged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

ASKED_AT_ONCE = 3


class Moment(StrEnum):
    """What somebody has just done, when a popup explains itself."""

    BOOKED = "booked"
    SIGNED = "signed"
    PRESCRIBED = "prescribed"
    FOLLOWED_UP = "followed_up"
    OPENED = "opened"


BECAUSE = {
    Moment.BOOKED: "预约有变动时，马上告诉您",
    Moment.SIGNED: "签约有进展时，马上告诉您",
    Moment.PRESCRIBED: "长处方办好时，马上告诉您",
    Moment.FOLLOWED_UP: "下次随访前，提醒您一声",
    Moment.OPENED: "有要紧的事时，马上告诉您",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one template stands with one account.

    `planned`: how many of its messages are on their way, `weight` the heaviest of them.
    `is_closed`: declined of late, switched off, or agreed to for good: it is not asked for.
    """

    template_id: str
    balance: int
    kept: int
    planned: int = 0
    weight: int = 0
    moments: frozenset[Moment] = frozenset()
    is_closed: bool = False

    @property
    def short(self) -> int:
        """How many planned messages could not be pushed."""
        return max(0, self.planned - self.balance)

    def needs_asking(self) -> bool:
        """Whether one more agreed message is worth a tap."""
        return not self.is_closed and self.balance < self.kept


def to_ask(standings: Iterable[Standing], moment: Moment | None = None) -> Sequence[Standing]:
    """At most three, in the order to ask: what suits the moment, what is missed most, the least."""
    wanting = [one for one in standings if one.needs_asking()]

    def order(one: Standing) -> tuple[bool, int, int, int]:
        weight = one.weight if one.short else 0
        return (moment not in one.moments, -weight, -one.short, one.balance)

    return sorted(wanting, key=order)[:ASKED_AT_ONCE]


def because(one: Standing, moment: Moment | None) -> str:
    """Why it is asked for, as the person reads it before the popup."""
    if moment is not None and moment in one.moments:
        return BECAUSE[moment]
    if one.short:
        return f"接下来有 {one.short} 条提醒要用到"
    return BECAUSE[Moment.OPENED]
