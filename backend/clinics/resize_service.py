"""加号, 减号: a session gets more seats, or loses some; nobody loses one in silence."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from backend.clinics import policy, queries
from backend.clinics.closing import hold_session, withdraw
from backend.clinics.errors import (
    NeverSeated,
    NoChange,
    SeatsToDecide,
    SessionNotHeld,
    SessionOver,
)
from backend.clinics.events import SessionResized
from backend.clinics.models import (
    UNBOOKABLE,
    Allocation,
    Booking,
    ClinicSession,
    Seat,
    SessionState,
)
from backend.clinics.rules import kept_seats, policy_of
from backend.clinics.waiting_line import precedence_until
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import permitted


@permitted(policy.session_of_own_house)
def resize(
    ctx: Context,
    session: ClinicSession,
    capacity: int,
    withdrawn: Collection[UUID] = frozenset(),
) -> ClinicSession:
    """Give a session so many seats. New ones are at its end; of old ones free ones go first.

    Where more people have a seat than would be left, `withdrawn` names the bookings that go: as
    many as are too many, no more. Else raises `SeatsToDecide` with those of the highest numbers.
    Raises `NoChange`, `NeverSeated`, `SessionNotHeld`, `SessionOver`.
    """
    if session.service in UNBOOKABLE:
        raise NeverSeated
    seats = hold_session(session)
    _require_to_come(ctx, session)
    if capacity == session.capacity:
        raise NoChange
    if capacity > session.capacity:
        _grow(ctx, session, seats, capacity - session.capacity)
    else:
        _shrink(ctx, session, seats, capacity, withdrawn)
    session.capacity = capacity
    record(ctx, SessionResized(session.id, session.institution_id, capacity))
    return queries.session_of_house(ctx, session.id)


def _require_to_come(ctx: Context, session: ClinicSession) -> None:
    if session.state is not SessionState.OPEN:
        raise SessionNotHeld
    if session.starts_at <= ctx.at:
        raise SessionOver


def _shrink(
    ctx: Context,
    session: ClinicSession,
    seats: Sequence[Seat],
    capacity: int,
    withdrawn: Collection[UUID],
) -> None:
    free = [seat.number for seat in seats if seat.is_free]
    going = session.capacity - capacity
    lost = _decided(session, max(0, going - len(free)), withdrawn)
    if lost:
        withdraw(ctx, session, lost)
    numbers = free[-going:] + [booking.seat_number for booking in lost]
    gone = (Seat.session_id == session.id) & Seat.number.in_(numbers)
    db.session.execute(update(Seat).where(gone).values(is_free=False, removed_at=ctx.at))


def _decided(
    session: ClinicSession, too_many: int, withdrawn: Collection[UUID]
) -> Sequence[Booking]:
    """The bookings that go; raises `SeatsToDecide` where others or other many are named."""
    live = queries.live_bookings(session)
    chosen = [booking for booking in live if booking.id in withdrawn]
    if len(chosen) == len(set(withdrawn)) == too_many:
        return chosen
    concerned = live[len(live) - too_many :]
    told = [Fault(f"/withdrawn/{one.id}", f"{one.seat_number}号") for one in concerned]
    raise SeatsToDecide(_words(too_many), faults=told)


def _words(too_many: int) -> str | None:
    if too_many:
        return None
    return "空号已经够减，不用退任何人的预约。请去掉要退的预约后再提交。"


def _grow(ctx: Context, session: ClinicSession, seats: Sequence[Seat], more: int) -> None:
    """Bring back what was removed, then number on; new seats share the last one's minutes."""
    first_in_line = precedence_until(ctx, session)
    again = _bring_back(session, more, first_in_line)
    first, last = _highest_number(session) + 1, seats[-1]
    is_staggered = session.allocation is Allocation.STAGGERED
    region = policy_of(ctx.region)
    kept = kept_seats(session.starts_at, more, region, is_staggered=is_staggered)[again:]
    rows = [
        {
            "id": new_id(),
            "session_id": session.id,
            "number": first + n,
            "starts_at": last.starts_at,
            "ends_at": last.ends_at,
            "quota": of.quota,
            "releases_at": _after_the_line(of.releases_at or session.releases_at, first_in_line),
            "flows_at": of.flows_at,
        }
        for n, of in enumerate(kept)
    ]
    if rows:
        db.session.execute(insert(Seat), rows)


def _after_the_line(releases_at: datetime, first_in_line: datetime | None) -> datetime:
    """While people wait, a new seat is theirs before the public."""
    return max(releases_at, first_in_line) if first_in_line else releases_at


def _bring_back(session: ClinicSession, most: int, first_in_line: datetime | None) -> int:
    removed = (Seat.session_id == session.id) & Seat.removed_at.is_not(None)
    found = select(Seat).where(removed).order_by(Seat.number).limit(most).with_for_update()
    back = db.session.execute(found).scalars().all()
    for seat in back:
        seat.is_free, seat.removed_at = True, None
        opens = seat.releases_at or session.releases_at
        seat.releases_at = _after_the_line(opens, first_in_line)
    return len(back)


def _highest_number(session: ClinicSession) -> int:
    found = select(Seat.number).where(Seat.session_id == session.id)
    return db.session.execute(found.order_by(Seat.number.desc()).limit(1)).scalar_one()
