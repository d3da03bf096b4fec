"""When a phone may be written to, and by which number the provider knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.kernel.calendar import SHANGHAI


@dataclass(frozen=True, kw_only=True)
class SmsPolicy:
    """What the region lays down of texts.

    `failures_until_dead`: receipts in a row that say no; `reply_hours`: a reply is about a text
    of these last hours.
    """

    per_phone_a_day: int
    failures_until_dead: int
    reply_hours: int

    def __post_init__(self) -> None:
        if min(self.per_phone_a_day, self.failures_until_dead, self.reply_hours) < 1:
            raise ValueError("every figure is one or more")


def e164(number: str) -> str:
    """As the provider takes it."""
    return f"+86{number}"


def day_of(at: datetime) -> tuple[datetime, datetime]:
    """When the day of that instant begins and ends in Shanghai."""
    begins = datetime.combine(at.astimezone(SHANGHAI).date(), datetime.min.time(), SHANGHAI)
    return begins, begins + timedelta(days=1)


def says_any(words: str, of: Sequence[str]) -> bool:
    """Whether one of these words is in it."""
    return any(word in words for word in of)
