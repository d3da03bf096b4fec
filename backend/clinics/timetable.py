"""What everybody may know of the sessions to come, and what the public may book of them now.

Two statements a page, their rows from the driver: the timetable is read more than anything else.
A seat that came back to a scarce session waits a random time: until then it is nobody's business.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from backend.clinics.lottery_rules import lottery_of, void_from
from backend.clinics.models import (
    Allocation,
    ClinicSession,
    Quota,
    Service,
    SessionState,
)
from backend.clinics.queries import Span, instant
from backend.clinics.rules import ClinicPolicy, Standing, closes_at, kept_seats, policy_of
from backend.kernel import hot
from backend.kernel.context import Context
from backend.kernel.errors import NotFound
from backend.kernel.paging import Page, Wanted, cut, start_of

SESSIONS = """
SELECT s.id, s.institution_id, i.name AS institution_name, s.expert_id, e.name AS expert_name,
  e.title AS expert_title, s.specialty, s.service, s.room, s.fee, s.day, s.starts_at, s.ends_at,
  s.releases_at, s.capacity, s.state, s.reason, s.allocation, s.is_scarce
FROM clinic_session s
JOIN staff e ON e.id = s.expert_id JOIN institution i ON i.id = s.institution_id
WHERE {which} ORDER BY s.starts_at, s.id LIMIT %(limit)s
"""
# Ward rounds and teaching are work among colleagues.
PUBLIC = "s.service NOT IN ('ward_round', 'teaching')"
TO_COME = f"{PUBLIC} AND s.starts_at > %(at)s AND s.starts_at BETWEEN %(first)s AND %(last)s"
FILTERS: Mapping[str, str] = {
    "house": "s.institution_id = %(house)s",
    "specialty": "s.specialty = %(specialty)s",
    "after_id": "(s.starts_at, s.id) > (%(after_at)s, %(after_id)s)",
}
COUNTED = """
SELECT session_id, quota, coalesce(seat.releases_at, s.releases_at) AS releases_at, flows_at,
  count(*)::int AS many, count(*) FILTER (WHERE is_free)::int AS free
FROM clinic_seat seat JOIN clinic_session s ON s.id = session_id
WHERE session_id = ANY(%(sessions)s) AND seat.removed_at IS NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1
"""
SEATS = """
SELECT number, seat.starts_at, seat.ends_at, quota, flows_at, is_free,
  coalesce(seat.releases_at, s.releases_at) AS releases_at, 1 AS many, is_free::int AS free
FROM clinic_seat seat JOIN clinic_session s ON s.id = session_id
WHERE session_id = %(session)s AND seat.removed_at IS NULL ORDER BY number
"""
KINDS = {"service": Service, "state": SessionState, "allocation": Allocation}
KEYS = (ClinicSession.starts_at, ClinicSession.id)


@dataclass(frozen=True, slots=True)
class Share:
    """How many seats are kept for a quota, and how many of them nobody has."""

    quota: Quota
    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class PublicSeat:
    """A numbered seat and its minutes; `is_free`: everybody may book it now."""

    number: int
    starts_at: datetime
    ends_at: datetime
    quota: Quota
    is_free: bool


@dataclass(frozen=True, slots=True)
class PublicSession:
    """A session as everybody sees it who wants a seat now.

    `free`: what the public may book at this moment; `next_release_at`: when it may book more.
    """

    id: UUID
    institution_id: UUID
    institution_name: str
    expert_id: UUID
    expert_name: str
    expert_title: str
    specialty: str
    service: Service
    room: str
    fee: str | None
    day: date
    starts_at: datetime
    ends_at: datetime
    releases_at: datetime
    capacity: int
    state: SessionState
    reason: str | None
    allocation: Allocation
    standing: Standing
    free: int
    next_release_at: datetime | None
    quotas: Sequence[Share]
    seats: Sequence[PublicSeat] = ()


def timetable(
    ctx: Context,
    span: Span,
    wanted: Wanted,
    institution_id: UUID | None = None,
    specialty: str | None = None,
) -> Page[PublicSession]:
    """The sessions still to come, by time: public."""
    told = {
        "at": ctx.at,
        "first": instant(span.first, time()),
        "last": instant(span.last, time.max),
        "limit": wanted.limit + 1,
        **_filters(wanted, institution_id, specialty),
    }
    which = [TO_COME, *(words for name, words in FILTERS.items() if name in told)]
    rows = hot.rows(SESSIONS.format(which=" AND ".join(which)), told)
    found = cut(rows, wanted, KEYS)
    seats = _counted([row.id for row in found.items])
    return Page([_judged(ctx, row, seats.get(row.id, ())) for row in found.items], found.next)


def public_session(ctx: Context, session_id: UUID) -> PublicSession:
    """One session with its numbered seats; raises `NotFound`."""
    one = {"session": session_id, "limit": 1}
    rows = hot.rows(SESSIONS.format(which=f"{PUBLIC} AND s.id = %(session)s"), one)
    if not rows:
        raise NotFound
    seats = hot.rows(SEATS, {"session": session_id})
    return _judged(ctx, rows[0], seats, numbered=True)


def _filters(wanted: Wanted, house: UUID | None, specialty: str | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"house": house, "specialty": specialty}
    if (place := start_of(wanted, KEYS)) is not None:
        asked |= dict(zip(("after_at", "after_id"), place, strict=True))
    return {name: value for name, value in asked.items() if value is not None}


def _counted(sessions: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """The seats of each session, those alike together."""
    if not sessions:
        return {}
    rows = hot.rows(COUNTED, {"sessions": list(sessions)})
    return {session: list(alike) for session, alike in groupby(rows, attrgetter("session_id"))}


def _judged(
    ctx: Context, row: Any, seats: Sequence[Any], *, numbered: bool = False
) -> PublicSession:
    view = _Public(row, seats, ctx.at, policy_of(ctx.region), _undrawn(ctx, row))
    told = row._asdict()
    del told["is_scarce"]
    told |= {name: kind(told[name]) for name, kind in KINDS.items()}
    return PublicSession(
        **told,
        standing=view.standing,
        free=view.free,
        next_release_at=view.next_release_at,
        quotas=view.shares(),
        seats=[view.seat(each) for each in seats] if numbered else (),
    )


def _undrawn(ctx: Context, row: Any) -> frozenset[datetime]:
    """Until when seats wait for a draw that is announced, or that is not yet."""
    if row.allocation != Allocation.LOTTERY:
        return frozenset()
    late = void_from(row.releases_at, row.starts_at, lottery_of(ctx.region))
    return frozenset({late, row.starts_at})


class _Public:
    """What the seats of a session, alone or some alike, are to the public at an instant."""

    def __init__(
        self,
        session: Any,
        seats: Sequence[Any],
        at: datetime,
        policy: ClinicPolicy,
        undrawn: Set[datetime],
    ) -> None:
        self.undrawn = undrawn
        self.session, self.at, self.policy = session, at, policy
        self.closes_at = closes_at(session.starts_at, policy)
        self.is_held = session.state == SessionState.OPEN
        hidden = self._returning(seats)
        self.seats = seats
        self.known = [each for each in seats if each not in hidden]

    @property
    def is_open(self) -> bool:
        """Whether the session can be booked at all."""
        return self.is_held and self.at < self.closes_at

    @property
    def free(self) -> int:
        """How many seats the public may book now."""
        return sum(each.free for each in self.seats if self._is_public(each))

    @property
    def next_release_at(self) -> datetime | None:
        """When it may book more, so far as that is laid down."""
        coming = (_public_from(each) for each in self.known if each.free)
        opens = [*coming, self.session.releases_at if self._is_drawn_later else None]
        later = [at for at in opens if at is not None and self.at < at < self.closes_at]
        return min(later) if later and self.is_open else None

    @property
    def _is_drawn_later(self) -> bool:
        """Whether seats wait for a draw; what that leaves is released with the session."""
        return any(each.releases_at in self.undrawn for each in self.known)

    @property
    def standing(self) -> Standing:
        """What the session is to somebody who wants a seat now."""
        if not self.is_held:
            return Standing.CANCELLED
        if not self.is_open:
            return Standing.CLOSED
        if self.free:
            return Standing.BOOKABLE
        return Standing.NOT_RELEASED if self.next_release_at else Standing.FULL

    def shares(self) -> list[Share]:
        """The seats by quota, the public's first."""
        shown = {id(each) for each in self.known} if self.is_open else set()
        return [
            Share(quota, _sum(alike, "many"), _sum((e for e in alike if id(e) in shown), "free"))
            for quota in Quota
            if (alike := [each for each in self.seats if each.quota == quota])
        ]

    def seat(self, each: Any) -> PublicSeat:
        """One numbered seat."""
        is_free = each.is_free and self._is_public(each)
        return PublicSeat(each.number, each.starts_at, each.ends_at, Quota(each.quota), is_free)

    def _is_public(self, each: Any) -> bool:
        since = _public_from(each)
        return self.is_open and since is not None and since <= self.at

    def _returning(self, seats: Sequence[Any]) -> list[Any]:
        """Seats that wait a random time before they can be booked again."""
        later = [each for each in seats if each.releases_at > self.at]
        if not (self.session.is_scarce and later):
            return []
        laid_down = self._releases()
        return [each for each in later if each.releases_at not in laid_down]

    def _releases(self) -> set[datetime]:
        of, policy = self.session, self.policy
        ways = (
            kept_seats(of.starts_at, of.capacity, policy, is_staggered=s) for s in (False, True)
        )
        laid_down = {kept.releases_at for way in ways for kept in way}
        return {at for at in laid_down if at} | {of.releases_at, of.starts_at} | self.undrawn


def _public_from(each: Any) -> datetime | None:
    """From when everybody may book such a seat; never: `None`."""
    since: datetime = each.releases_at
    if each.quota == Quota.OPEN:
        return since
    return max(since, each.flows_at) if each.flows_at else None


def _sum(seats: Iterable[Any], name: str) -> int:
    return sum(getattr(each, name) for each in seats)
