"""What becomes of an entry when the seat that it was offered is taken, refused or runs out.

Its callers hold the seat and the booking; the entry comes after them.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from backend.clinics.models import Booking, BookingAct, BookingOrigin
from backend.clinics.waiting_events import WaitingLeft, WaitingOver
from backend.clinics.waiting_models import (
    WAITING_LIFE,
    WaitingAct,
    WaitingEnd,
    WaitingEntry,
    WaitingState,
)
from backend.clinics.waiting_rules import waiting_policy
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record


def settle(ctx: Context, booking: Booking, act: BookingAct) -> None:
    """Follow what became of an offer; nothing where no entry hangs on it any more."""
    if booking.origin is not BookingOrigin.WAITING_LIST:
        return
    entry = _offered(booking)
    if entry is None:
        return
    match act:
        case BookingAct.CONFIRM:
            end(ctx, entry, WaitingAct.SERVE)
        case BookingAct.DECLINE:
            _declined(ctx, entry, booking)
        case BookingAct.LAPSE:
            _lapsed(ctx, entry)
        case _:
            entry.state = WAITING_LIFE.after(entry.state, WaitingAct.RETURN)


def hold_offered(bookings: Collection[UUID]) -> None:
    """Lock whoever is offered one of these, by id as everybody does who locks several."""
    offered = WaitingEntry.booking_id.in_(bookings) & (WaitingEntry.state == WaitingState.OFFERED)
    found = select(WaitingEntry.id).where(offered).order_by(WaitingEntry.id)
    db.session.execute(found.with_for_update()).all()


def _offered(booking: Booking) -> WaitingEntry | None:
    waits = (WaitingEntry.booking_id == booking.id) & (WaitingEntry.state == WaitingState.OFFERED)
    found = select(WaitingEntry).where(waits).with_for_update()
    fresh = found.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one_or_none()


def _declined(ctx: Context, entry: WaitingEntry, booking: Booking) -> None:
    """Who did not want the session waits no more, or waits for the others that fit."""
    if entry.session_id is not None:
        end(ctx, entry, WaitingAct.LEAVE)
        record(ctx, WaitingLeft(entry.resident_id, entry.id))
        return
    entry.refused = [*entry.refused, booking.session_id]
    entry.state = WAITING_LIFE.after(entry.state, WaitingAct.RETURN)


def _lapsed(ctx: Context, entry: WaitingEntry) -> None:
    """Who did not answer stands behind the others; after some times it is enough."""
    entry.lapses += 1
    if entry.lapses < waiting_policy(ctx.region).most_lapsed:
        entry.state = WAITING_LIFE.after(entry.state, WaitingAct.RETURN)
        return
    end(ctx, entry, WaitingAct.GIVE_UP)
    record(ctx, WaitingOver(entry.resident_id, entry.id, WaitingState.UNANSWERED))


def end(ctx: Context, entry: WaitingEntry, act: WaitingAct) -> None:
    """End an entry that the caller holds; raises `IllegalMove`."""
    entry.state = WAITING_LIFE.after(entry.state, act)
    entry.ended_at, entry.ended_by_kinship = ctx.at, ctx.by_kinship


def close(ctx: Context, entry: WaitingEntry, reason: WaitingEnd) -> None:
    """End an entry that nobody left, and say why."""
    end(ctx, entry, WaitingAct.CLOSE)
    entry.end_reason = reason
    record(ctx, WaitingOver(entry.resident_id, entry.id, reason))
