"""摇号: who comes first, when one may join, and a draw that anybody can repeat.

The list is one line per ticket, `<ticket> <priority>`, in the order of the tickets; its digest is
their SHA-256. A ticket's mark is HMAC-SHA256(seed, ticket); in a priority lower marks come first.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region

SEED_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class PriorityClass:
    """Who is drawn before others; what is not named is not asked. Money is nowhere in it."""

    reason: str
    is_signed: bool = False
    min_age: int = 0
    lost_draws: int = 0


@dataclass(frozen=True, kw_only=True)
class LotteryPolicy:
    """What the region lays down; days are counted back from the session's own.

    A session that is made late opens for joining `notice_hours` after its commitment; with less
    than `shortest_hours` left there is no draw. `rest_minutes` after it what is left is anybody's.
    A draw that is not held `overdue_hours` after that is void.
    """

    opens_days: int
    opens_at: time
    closes_days: int
    closes_at: time
    notice_hours: int
    shortest_hours: int
    draw_minutes: int
    rest_minutes: int
    overdue_hours: int
    lost_within_days: int
    classes: tuple[PriorityClass, ...]
    ordinary: str

    @property
    def lost_within(self) -> timedelta:
        """How far back lost draws count."""
        return timedelta(days=self.lost_within_days)


def lottery_of(region: Region) -> LotteryPolicy:
    """The region's policy on lotteries."""
    return region.section("lottery", LotteryPolicy)


@dataclass(frozen=True, slots=True)
class Times:
    """When one may join, until when, when it is drawn, and when the rest is released."""

    opens_at: datetime
    closes_at: datetime
    draws_at: datetime
    rest_at: datetime


def times(starts_at: datetime, now: datetime, policy: LotteryPolicy) -> Times | None:
    """The instants of a draw that is announced now; `None` where it is too late for one."""
    latest = now + timedelta(hours=policy.notice_hours)
    opens = max(_before(starts_at, policy.opens_days, policy.opens_at), latest)
    closes = _before(starts_at, policy.closes_days, policy.closes_at)
    if opens + timedelta(hours=policy.shortest_hours) > closes:
        return None
    draws = closes + timedelta(minutes=policy.draw_minutes)
    return Times(opens, closes, draws, draws + timedelta(minutes=policy.rest_minutes))


def void_from(rest_at: datetime, starts_at: datetime, policy: LotteryPolicy) -> datetime:
    """When it is too late to draw: the seats, which were nobody's till then, are anybody's."""
    return min(rest_at + timedelta(hours=policy.overdue_hours), starts_at)


def _before(starts_at: datetime, days: int, at: time) -> datetime:
    return datetime.combine(starts_at.astimezone(SHANGHAI).date() - timedelta(days), at, SHANGHAI)


def priority(
    policy: LotteryPolicy, *, is_signed: bool, age: int, lost_draws: int
) -> tuple[int, str]:
    """The person's class, 0 is first, and the reason in words."""
    for place, one in enumerate(policy.classes):
        old_enough = age >= one.min_age and lost_draws >= one.lost_draws
        if old_enough and (is_signed or not one.is_signed):
            return place, one.reason
    return len(policy.classes), policy.ordinary


def commitment(seed: bytes) -> bytes:
    """What is published of a seed before anybody joins."""
    return hashlib.sha256(seed).digest()


def digest(tickets: Mapping[UUID, int]) -> bytes:
    """What is published of the list, ticket → priority, once it is closed."""
    lines = (f"{ticket} {place}\n" for ticket, place in sorted(_texts(tickets)))
    return hashlib.sha256("".join(lines).encode()).digest()


def ranking(seed: bytes, tickets: Mapping[UUID, int]) -> Sequence[UUID]:
    """The tickets in the order in which seats are given."""
    return sorted(tickets, key=lambda ticket: (tickets[ticket], _mark(seed, ticket)))


def _mark(seed: bytes, ticket: UUID) -> str:
    return hmac.new(seed, str(ticket).encode(), hashlib.sha256).hexdigest()


def _texts(tickets: Mapping[UUID, int]) -> Sequence[tuple[str, int]]:
    return [(str(ticket), place) for ticket, place in tickets.items()]
