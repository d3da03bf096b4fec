"""Who may act for whom, and until when: pure rules on scopes, kinship, ages and dates."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backend.identity import Guardianship
from backend.kernel.calendar import SHANGHAI, add_months
from backend.kernel.context import Kinship, Scope
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region

ALL = frozenset(Scope)
KEPT_FROM_FOURTEEN = frozenset({Scope.BOOK, Scope.REMINDERS})
OF_GUARDIANS = frozenset({Kinship.FATHER, Kinship.MOTHER, Kinship.GUARDIAN})
OF_FAMILY = frozenset(Kinship) - {Kinship.GUARDIAN}
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another
CODE_LENGTH = 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ProxyPolicy:
    """What the region lays down."""

    most_for_one: int
    most_by_one: int
    longest_months: int
    answer_within_hours: int
    most_asked: int
    ask_again_after_days: int

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 1:
            raise BadFigures("proxies: every figure must be at least 1")


@dataclass(frozen=True, slots=True)
class Terms:
    """What one person lets another do: as whom, which things, from which day to which."""

    kinship: Kinship
    scopes: frozenset[Scope]
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant until before another, these scopes."""

    since: datetime
    until: datetime
    scopes: frozenset[Scope]


def policy_of(region: Region) -> ProxyPolicy:
    """Read the region's policy."""
    return region.section("proxies", ProxyPolicy)


def written(scopes: Iterable[Scope]) -> str:
    """Write scopes as relations carry them, in one order."""
    return ",".join(ordered(scopes))


def ordered(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Put scopes in one order, as people read them."""
    wanted = set(scopes)
    return tuple(scope for scope in Scope if scope in wanted)


def read(text: str) -> frozenset[Scope]:
    """Read what `written` wrote."""
    return frozenset(map(Scope, filter(None, text.split(","))))


def midnight(day: date) -> datetime:
    """Tell the instant a day begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def last_day(today: date, policy: ProxyPolicy) -> date:
    """Tell the last day that may be agreed on today."""
    return add_months(today, policy.longest_months) - _DAY


def spans(terms: Terms) -> list[Span]:
    """Tell when an adult's family member may do what."""
    return [Span(midnight(terms.starts_on), midnight(terms.ends_on + _DAY), terms.scopes)]


def guardian_spans(born_on: date, at: datetime, std: Guardianship) -> list[Span]:
    """Tell when a guardian may do what from `at` on: all, then what is kept, then nothing."""
    narrowed, ended = midnight(std.narrowed_on(born_on)), midnight(std.ended_on(born_on))
    found = [Span(at, narrowed, ALL), Span(max(at, narrowed), ended, KEPT_FROM_FOURTEEN)]
    return [span for span in found if span.since < span.until]


def new_code() -> str:
    """Make a code to hand on: eight letters, 39 random bits."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def plain_code(text: str) -> str:
    """Read a code as people type it: any case, spaces and dashes, or the whole QR text."""
    return "".join(c for c in text.upper().rpartition(":")[2] if c.isalnum())


def masked(name: str) -> str:
    """Show a name to who knows it: the first and, of three or more, the last character."""
    kept = name[-1] if len(name) > 2 else ""
    return name[:1] + "*" * (len(name) - 1 - len(kept)) + kept
