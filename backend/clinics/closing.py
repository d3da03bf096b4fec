"""A session that is not held, and seats that go; its callers have asked whether they may.

Seats are locked by number, then the session, then its bookings: whoever is booking has ended, and
from then on nobody finds a free seat.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from backend.clinics import queries
from backend.clinics.displacement_models import Displacement
from backend.clinics.displacing import HAD_A_SEAT, displace, lose_offers
from backend.clinics.errors import SessionEnded
from backend.clinics.events import BookingWithdrawn, SeatOffered, SessionCancelled
from backend.clinics.models import (
    BOOKING_LIFE,
    SESSION_LIFE,
    Booking,
    BookingAct,
    BookingOrigin,
    BookingState,
    ClinicSession,
    Seat,
    SessionAct,
)
from backend.clinics.waiting_life import hold_offered, settle
from backend.identity import Resident
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.relations import part
from backend.kernel.sensitive import Traits


def hold_session(session: ClinicSession) -> Sequence[Seat]:
    """Lock the seats that the session has, then itself; returns the seats by number."""
    own = select(Seat).where(Seat.session_id == session.id, Seat.removed_at.is_(None))
    seats = queries.hold_seats(own)
    db.session.refresh(session, with_for_update={"of": ClinicSession})
    return seats


def close(ctx: Context, session: ClinicSession, reason: str) -> Sequence[Displacement]:
    """Hold it no more: every booking is withdrawn; returns who lost a seat, by number.

    Raises `IllegalMove` the second time, `SessionEnded`.
    """
    hold_session(session)
    state = SESSION_LIFE.after(session.state, SessionAct.CANCEL)
    if session.ends_at <= ctx.at:
        raise SessionEnded
    lost = queries.live_bookings(session)

    session.state, session.reason = state, reason
    db.session.execute(update(Seat).where(Seat.session_id == session.id).values(is_free=False))
    record(ctx, SessionCancelled(session.id, session.institution_id))
    return withdraw(ctx, session, lost)


def withdraw(
    ctx: Context, session: ClinicSession, lost: Sequence[Booking]
) -> Sequence[Displacement]:
    """Take these seats away: who had one is on the desk's list from now on.

    Whose offer it was goes back to the old place on the waiting list.
    """
    had_a_seat = [booking for booking in lost if booking.state in HAD_A_SEAT]
    hold_offered([booking.id for booking in lost])
    for booking in lost:
        booking.state = BOOKING_LIFE.after(booking.state, BookingAct.WITHDRAW)
        booking.ended_at = ctx.at
        settle(ctx, booking, BookingAct.WITHDRAW)
    rows = displace(ctx, session, had_a_seat)
    lose_offers([booking.id for booking in lost if booking not in had_a_seat])
    part(ctx, [booking.id for booking in lost])
    record(ctx, *(BookingWithdrawn(each.resident_id, each.id, session.id) for each in lost))
    count_now(session)
    return rows


def count_now(session: ClinicSession) -> None:
    """Bring the counter of a session up to date; its row is locked already."""
    db.session.flush()
    db.session.execute(text("SET CONSTRAINTS booking_counted IMMEDIATE"))
    db.session.refresh(session, ["taken"])


def keep_numbers(
    ctx: Context, session: ClinicSession, rows: Sequence[Displacement], until: datetime
) -> None:
    """Keep for each of these people the same number of the session that stands in.

    Who has something else at that hour, or whose record is closed, gets none; the relay looks on.
    """
    seats = {seat.number: seat for seat in queries.seats(ctx, session.id)}
    lost = _lost(rows)
    gone = _closed([row.resident_id for row in rows])
    wanted = [
        (row, _held(ctx, session, row, seats[lost[row.booking_id]], until))
        for row in rows
        if lost[row.booking_id] in seats and row.resident_id not in gone
    ]
    if not wanted:
        return
    made = insert(Booking).values([held for _, held in wanted]).on_conflict_do_nothing()
    kept = set(db.session.execute(made.returning(Booking.id)).scalars())
    offered = [(row, held) for row, held in wanted if held["id"] in kept]
    _mark_kept(ctx, session, offered)


def _mark_kept(
    ctx: Context, session: ClinicSession, offered: Sequence[tuple[Displacement, dict[str, Any]]]
) -> None:
    numbers = [held["seat_number"] for _, held in offered]
    theirs = (Seat.session_id == session.id) & Seat.number.in_(numbers)
    db.session.execute(update(Seat).where(theirs).values(is_free=False))
    for row, held in offered:
        row.offer_id, row.sought_at = held["id"], ctx.at
        traits = Traits(specialty=session.specialty)
        sensitive.mark(ctx, row.resident_id, [held["id"]], traits)
    record(ctx, *(_offered(row, session) for row, _ in offered))
    count_now(session)


def _offered(row: Displacement, session: ClinicSession) -> SeatOffered:
    kept = row.offer_id or row.booking_id
    return SeatOffered(row.resident_id, kept, session.id, BookingOrigin.RE_OFFER)


def _held(
    ctx: Context, session: ClinicSession, row: Displacement, seat: Seat, until: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "session_id": session.id,
        "seat_number": seat.number,
        "resident_id": row.resident_id,
        "day": session.day,
        "starts_at": seat.starts_at,
        "ends_at": seat.ends_at,
        "state": BookingState.HELD,
        "booked_at": ctx.at,
        "origin": BookingOrigin.RE_OFFER,
        "held_until": until,
    }


def _lost(rows: Sequence[Displacement]) -> dict[UUID, int]:
    found = select(Booking.id, Booking.seat_number)
    of_them = found.where(Booking.id.in_([row.booking_id for row in rows]))
    return {row.id: row.seat_number for row in db.session.execute(of_them)}


def _closed(people: Collection[UUID]) -> set[UUID]:
    over = Resident.died_on.is_not(None) | Resident.restricted_at.is_not(None)
    found = select(Resident.id).where(Resident.id.in_(people), over)
    return set(db.session.execute(found).scalars())
