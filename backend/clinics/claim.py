"""The claim of a seat: one statement that judges, takes the seat, books it and relates the expert.

Seats that other transactions hold are skipped, so that nobody waits for a neighbour. When only
such seats are left, the claim is tried again after a pause: whoever holds them commits (it is full)
or rolls back (the seat is ours). Hence "full" is never said of a seat that came free. A statement
that waits for row locks would do as well and deadlock now and then: PostgreSQL keeps the lock of a
row that it passed over because somebody had just taken it.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from backend.clinics.errors import (
    AlreadyBooked,
    GivenBack,
    NotReleased,
    Overlapping,
    OverLimit,
    Resting,
    SeatsKept,
    SeatTaken,
    SessionFull,
    SessionNotHeld,
    SessionOver,
    TooLate,
)
from backend.clinics.models import BookingOrigin, BookingState, Quota
from backend.clinics.rules import ClinicPolicy
from backend.clinics.sold_out import SOLD_OUT
from backend.kernel import hot
from backend.kernel.context import Context
from backend.kernel.errors import Conflict, NotFound, Unavailable
from backend.kernel.ids import new_id

CLAIM = """
WITH session AS MATERIALIZED (
  SELECT * FROM clinic_session WHERE id = %(session)s
), load AS MATERIALIZED (
  SELECT l.* FROM session s, booking_load(%(person)s, s.id, s.day, %(at)s) l
), verdict AS MATERIALIZED (
  SELECT CASE
    WHEN s.state <> 'open' THEN 'session-cancelled'
    WHEN s.starts_at <= %(at)s THEN 'past'
    WHEN s.starts_at <= %(at)s::timestamptz + %(notice)s THEN 'too-late'
    WHEN load.here > 0 THEN 'already-booked'
    WHEN load.that_day >= %(per_day)s THEN 'over-day-limit'
    WHEN load.ahead >= %(ahead)s THEN 'over-limit'
    WHEN s.taken >= s.capacity THEN 'session-full'
    WHEN EXISTS (
      SELECT FROM booking_strike k WHERE k.resident_id = %(person)s AND k.state <> 'lifted'
      AND k.at > %(at)s::timestamptz - %(strike_window)s
      HAVING count(*) >= %(strikes)s AND max(k.at) > %(at)s::timestamptz - %(rest)s
    ) THEN 'resting'
    WHEN (
      SELECT count(*) FROM booking b
      WHERE b.resident_id = %(person)s AND b.session_id = %(session)s
      AND b.starts_at >= s.starts_at AND b.origin IN ('own', 'doctor')
      AND b.state IN ('cancelled', 'moved', 'lapsed', 'declined')
    ) >= %(returns)s THEN 'given-back'
  END AS code FROM session s, load
), seat AS MATERIALIZED (
  SELECT number, starts_at, ends_at FROM clinic_seat
  WHERE session_id = %(session)s AND is_free AND (SELECT code FROM verdict) IS NULL {wish}
    AND {released} AND {mine} AND NOT {clashes}
  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
), held AS (
  UPDATE clinic_seat SET is_free = false FROM seat
  WHERE session_id = %(session)s AND clinic_seat.number = seat.number
), made AS (
  INSERT INTO booking
    (id, session_id, seat_number, resident_id, day, starts_at, ends_at, state, booked_at,
     by_kinship, origin, staff_id, held_until)
  SELECT %(booking)s, s.id, seat.number, %(person)s, s.day, seat.starts_at, seat.ends_at,
    %(state)s, %(at)s, %(kinship)s, %(origin)s, %(staff)s, %(until)s
  FROM seat, session s
), related AS (
  INSERT INTO relation (id, resident_id, party_id, kind, valid_from, valid_until, source_id)
  SELECT %(relation)s, %(person)s, s.expert_id, 'booked',
    greatest(%(at)s, s.starts_at - %(lead)s), s.ends_at + %(window)s, %(booking)s
  FROM seat, session s WHERE %(state)s = 'booked'
)
SELECT (SELECT code FROM verdict) AS verdict, s.day, s.expert_id, s.institution_id, s.specialty,
  s.room, seat.number, seat.starts_at, seat.ends_at
FROM session s LEFT JOIN seat ON true
"""
RELEASED = """(%(first)s OR coalesce(
  clinic_seat.releases_at, (SELECT releases_at FROM clinic_session WHERE id = %(session)s)
) <= %(opens_by)s OR %(back)s AND came_back_at IS NOT NULL)"""
MINE = """(quota = ANY (%(quotas)s::text[]) OR coalesce(flows_at <= %(opens_by)s, false)
  OR quota = 'signed' AND EXISTS (
  SELECT FROM relation r WHERE r.resident_id = %(person)s AND r.kind = 'signed'
  AND r.valid_from <= %(at)s AND (r.valid_until IS NULL OR r.valid_until > %(at)s)
))"""
CLASHES = """EXISTS (
  SELECT FROM booking b WHERE b.resident_id = %(person)s AND b.ended_at IS NULL
  AND tstzrange(b.starts_at, b.ends_at) && tstzrange(clinic_seat.starts_at, clinic_seat.ends_at)
)"""
WISHES = {
    "": "",
    "number": "AND number = %(number)s",
    "after": "AND starts_at >= %(after)s",
}
CONDITIONS = {"released": RELEASED, "mine": MINE, "clashes": CLASHES}
STATEMENTS = {wish: CLAIM.format(wish=words, **CONDITIONS) for wish, words in WISHES.items()}
# Beyond what an integer column can count, and no instant away.
UNLIMITED: Mapping[str, Any] = {
    "returns": 1_000_000,
    "notice": timedelta(0),
    "per_day": 1_000_000,
    "ahead": 1_000_000,
    "strikes": 1_000_000,
    "strike_window": timedelta(0),
    "rest": timedelta(0),
}
# How long to wait before each try, in seconds; 1.6 in all.
PAUSES_S = (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
LEFT = """
WITH free AS (
  SELECT (true {wish}) AS wanted, {released} AS released, {mine} AS mine, {clashes} AS clashes
  FROM clinic_seat WHERE session_id = %(session)s AND is_free
)
SELECT count(*) FILTER (WHERE mine AND released) AS any_free,
  count(*) FILTER (WHERE mine AND released AND wanted AND clashes) AS clashing,
  count(*) FILTER (WHERE mine AND released AND wanted AND NOT clashes) AS fitting,
  count(*) FILTER (WHERE mine AND NOT released) AS unreleased,
  count(*) FILTER (WHERE NOT mine) AS kept
FROM free
"""
LEFTOVERS = {wish: LEFT.format(wish=words, **CONDITIONS) for wish, words in WISHES.items()}
PERSON = "SELECT pg_advisory_xact_lock(hashtextextended('booking' || %(person)s::text, 0)) AS held"
# Whether anything is left for a person, without a lock: asked first while many are refused.
LOOKING = """
SELECT s.state = 'open' AND s.starts_at > %(at)s::timestamptz + %(notice)s AS is_open,
  EXISTS (
    SELECT FROM booking b WHERE b.resident_id = %(person)s AND b.session_id = s.id
    AND b.ended_at IS NULL
  ) AS is_booked, counted.*, 0 AS clashing
FROM clinic_session s, (
  SELECT count(*) FILTER (WHERE mine AND released) AS any_free,
    count(*) FILTER (WHERE mine AND NOT released) AS unreleased,
    count(*) FILTER (WHERE NOT mine) AS kept
  FROM (
    SELECT {released} AS released, {mine} AS mine
    FROM clinic_seat WHERE session_id = %(session)s AND is_free
  ) free
) counted
WHERE s.id = %(session)s
"""
LOOK = LOOKING.format(**CONDITIONS)
REFUSALS: Mapping[str, type[Conflict]] = {
    kind.code: kind
    for kind in (
        SessionNotHeld,
        SessionOver,
        TooLate,
        AlreadyBooked,
        SessionFull,
        Resting,
        GivenBack,
    )
}
# Who goes round the person's lock meets these.
GUARDS: Mapping[str, type[Conflict]] = {
    "ex_booking_overlap": Overlapping,
    "uq_booking_person": AlreadyBooked,
    "uq_booking_seat": SeatTaken,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which seat a person would like: this one, or the first from an instant on, or any."""

    number: int | None = None
    after: datetime | None = None

    @property
    def kind(self) -> str:
        """Which form of the statement finds it."""
        if self.number is not None:
            return "number"
        return "after" if self.after is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """For whom a seat is taken, and how: booked, or offered until an instant.

    `quotas` are those that may be used beside what has flowed on and what the person's contract
    opens. `is_first`: before those whom a release still keeps waiting; `ahead`: so much before the
    public; `takes_returned`: what came back at once. Who is not `is_limited` is judged by the
    session alone: no limits per person. Only who books by oneself rests after missed seats and has
    to keep the notice.
    """

    person: UUID
    origin: BookingOrigin = BookingOrigin.OWN
    until: datetime | None = None
    quotas: Collection[Quota] = (Quota.OPEN,)
    staff_id: UUID | None = None
    is_first: bool = False
    ahead: timedelta = timedelta(0)
    takes_returned: bool = False
    is_limited: bool = True


def hold_person(person: UUID) -> None:
    """Lock a person as the claim does, for an act that holds rows before it claims."""
    hot.row(PERSON, {"person": str(person)})


def claim(  # noqa: PLR0917 — one statement's whole argument
    ctx: Context,
    booking_id: UUID,
    session_id: UUID,
    wish: Wish,
    policy: ClinicPolicy,
    manner: Manner,
) -> Any:
    """Book the first seat that fits; raises `NotFound` or the `Conflict` that says why not.

    Raises `Unavailable` when the last seats stay in others' hands for too long to know.
    """
    told = arguments(ctx, booking_id, session_id, wish, policy, manner)
    if SOLD_OUT.knows(session_id):
        _look(told)
    try:
        return _tried(wish, told, policy)
    except (SessionFull, SeatsKept, NotReleased):
        SOLD_OUT.note(session_id)
        raise


def _look(told: Mapping[str, Any]) -> None:
    """Raise what the claim would say where nothing is left for the person, else do nothing."""
    row = hot.row(LOOK, told)
    if row is None or not row.is_open or row.any_free:
        return
    raise AlreadyBooked if row.is_booked else _nothing_fits(Wish(), row)


def _tried(wish: Wish, told: Mapping[str, Any], policy: ClinicPolicy) -> Any:
    for pause in PAUSES_S:
        if pause:
            time.sleep(pause)
        row = _claimed(wish, told)
        if row.verdict is not None:
            raise _refusal(row.verdict, policy)
        if row.number is not None:
            return row
        left = hot.row(LEFTOVERS[wish.kind], told)
        if not left.fitting:
            raise _nothing_fits(wish, left)
    raise Unavailable


def arguments(  # noqa: PLR0917 — as `claim`
    ctx: Context,
    booking_id: UUID,
    session_id: UUID,
    wish: Wish,
    policy: ClinicPolicy,
    manner: Manner,
) -> dict[str, Any]:
    """What the statement is told."""
    return {
        "session": session_id,
        "person": manner.person,
        "kinship": ctx.by_kinship,
        "at": ctx.at,
        "booking": booking_id,
        "relation": new_id(),
        "lead": policy.record_lead,
        "window": policy.record_window,
        "number": wish.number,
        "after": wish.after,
        "state": BookingState.HELD if manner.until else BookingState.BOOKED,
        "until": manner.until,
        "origin": manner.origin,
        "staff": manner.staff_id,
        "quotas": f"{{{','.join(manner.quotas)}}}",  # psycopg takes 15 µs for a list
        "first": manner.is_first,
        "opens_by": ctx.at + manner.ahead,
        "back": manner.takes_returned,
        **_limits(policy, manner),
    }


def _limits(policy: ClinicPolicy, manner: Manner) -> Mapping[str, Any]:
    if not manner.is_limited:
        return UNLIMITED
    told = {
        **UNLIMITED,
        "per_day": policy.max_bookings_per_day,
        "ahead": policy.max_open_bookings,
    }
    if manner.origin is BookingOrigin.DOCTOR:
        return told | {"returns": policy.most_returns}
    if manner.origin is not BookingOrigin.OWN:
        return told
    return told | {
        "notice": policy.notice,
        "returns": policy.most_returns,
        "strikes": policy.strikes.most,
        "strike_window": policy.strikes.window,
        "rest": policy.strikes.rest,
    }


def _claimed(wish: Wish, told: Mapping[str, Any]) -> Any:
    try:
        row = hot.row(STATEMENTS[wish.kind], told)
    except IntegrityError as broken:
        constraint = getattr(getattr(broken.orig, "diag", None), "constraint_name", "")
        raise GUARDS.get(constraint, Conflict) from broken
    if row is None:
        raise NotFound
    return row


def _refusal(verdict: str, policy: ClinicPolicy) -> Conflict:
    if verdict == "over-day-limit":
        most = policy.max_bookings_per_day
        return OverLimit(f"每人每天最多约 {most} 个号，您这一天已经约满。请换一天，或先取消一个。")
    if verdict == "over-limit":
        most = policy.max_open_bookings
        return OverLimit(f"您还有 {most} 个预约没有就诊，已到上限。请就诊后再约，或先取消一个。")
    return REFUSALS[verdict]()


def _nothing_fits(wish: Wish, left: Any) -> Conflict:
    """Why every free seat was passed over, the nearest reason first."""
    if left.clashing:
        return Overlapping()
    if left.any_free and wish.kind:
        return SeatTaken()
    if left.unreleased:
        return NotReleased()
    return SeatsKept() if left.kept else SessionFull()
