"""Seats that come free go to those who wait: one person a transaction, nobody stands in the way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update

from backend import identity, messaging, network
from backend.clinics import queries, waiting_line, waiting_queries
from backend.clinics.claim import Manner
from backend.clinics.errors import (
    NotReleased,
    SeatTaken,
    SessionFull,
    SessionNotHeld,
    SessionOver,
)
from backend.clinics.events import (
    BookingCancelled,
    BookingMade,
    BookingMoved,
    OfferDeclined,
    OfferLapsed,
    SessionCancelled,
)
from backend.clinics.models import (
    Booking,
    BookingOrigin,
    BookingState,
    ClinicSession,
    Quota,
    SessionState,
)
from backend.clinics.offering import offer
from backend.clinics.rules import policy_of
from backend.clinics.strike_models import Strike, StrikeState
from backend.clinics.waiting_errors import NotEligible, NotWaiting
from backend.clinics.waiting_life import close, end
from backend.clinics.waiting_models import (
    WAITING_LIFE,
    WaitingAct,
    WaitingEnd,
    WaitingEntry,
    WaitingState,
    Way,
)
from backend.clinics.waiting_rules import offered_until
from backend.clinics.waiting_rules import waiting_policy as figures_of
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Refusal, Unavailable
from backend.kernel.policy import admitted, by_clock
from backend.kernel.transaction import attempt

AT_ONCE = 500
NO_SEAT = (SessionFull, SessionNotHeld, SessionOver, SeatTaken, NotReleased, Unavailable)
SeatFreed = BookingCancelled | BookingMoved | OfferDeclined | OfferLapsed


@admitted(by_clock)
def vacancies(ctx: Context, after: UUID | None = None) -> Sequence[UUID]:
    """Some sessions with a free seat and somebody who waits for one, the soonest first.

    Those that come after the session `after`; nothing once all were named.
    """
    return waiting_line.vacancies(ctx, after)


@admitted(by_clock)
def next_in_line(ctx: Context, session_id: UUID) -> UUID | None:
    """Whose turn it is for a seat of the session; `None` where nobody's."""
    return waiting_line.next_entry(ctx, queries.session(ctx, session_id))


@admitted(by_clock)
def offer_to(ctx: Context, session_id: UUID, entry_id: UUID) -> UUID:
    """Keep a seat for who waits, until the person has had time to answer; gives the booking.

    Raises `NotWaiting`, `NotEligible` and what `claim` raises: the next one has the turn.
    """
    entry, session = waiting_queries.waiting_entry(ctx, entry_id), queries.session(ctx, session_id)
    manner = _manner(ctx, entry, session)
    booking_id, _ = offer(ctx, session_id, manner)
    held = waiting_queries.hold_entry(entry_id)
    if held.state is not WaitingState.WAITING:
        raise NotWaiting
    held.state = WAITING_LIFE.after(held.state, WaitingAct.OFFER)
    held.booking_id = booking_id
    held.passed_at = held.passed_session = held.passed_because = None
    return booking_id


@admitted(by_clock)
def pass_over(ctx: Context, session_id: UUID, entry_id: UUID, refusal: Refusal | None) -> None:
    """Write down why a seat goes to somebody behind; the entry is tried again a little later."""
    because = getattr(refusal, "because", None) or (refusal.code if refusal else "error")
    passed = {
        "passed_at": ctx.at,
        "passed_session": session_id,
        "passed_because": because,
    }
    waits = (WaitingEntry.id == entry_id) & (WaitingEntry.state == WaitingState.WAITING)
    db.session.execute(update(WaitingEntry).where(waits).values(**passed))


def is_about_seats(refusal: Refusal | None) -> bool:
    """Whether nobody would have got a seat: it is no reason to pass anybody over."""
    return isinstance(refusal, NO_SEAT)


@admitted(by_clock)
def fill_freed(ctx: Context, event: SeatFreed) -> None:
    """Offer the seat that just came free to the first in line; the sweep does the rest.

    One entry is locked and no second one: whoever locks several does it by their ids.
    """
    entry_id = next_in_line(ctx, event.session_id)
    if entry_id is None:
        return
    try:
        with attempt():
            offer_to(ctx, event.session_id, entry_id)
    except Refusal as refusal:
        if not is_about_seats(refusal):
            pass_over(ctx, event.session_id, entry_id, refusal)


@admitted(by_clock)
def close_overdue(ctx: Context) -> int:
    """End some entries for which no seat came in time, or will come; returns how many."""
    closes = ctx.at + policy_of(ctx.region).notice
    closed = select(ClinicSession.id).where(ClinicSession.starts_at <= closes)
    late = or_(
        WaitingEntry.session_id.in_(closed),
        WaitingEntry.session_id.is_(None) & (WaitingEntry.until < ctx.today),
    )
    gone = select(ClinicSession.id).where(ClinicSession.state == SessionState.CANCELLED)
    lost = WaitingEntry.session_id.in_(gone)
    cancelled = _close_all(ctx, waiting_line.WAITS & lost, WaitingEnd.SESSION_CANCELLED)
    return cancelled + _close_all(ctx, waiting_line.WAITS & late, WaitingEnd.NO_SEAT)


@admitted(by_clock)
def close_cancelled(ctx: Context, event: SessionCancelled) -> None:
    """A session that is not held keeps nobody waiting; who waits for any goes on waiting.

    An offer of it went with its booking, and left its entry where it was on the list.
    """
    own = (WaitingEntry.session_id == event.session_id) & WaitingEntry.ended_at.is_(None)
    while _close_all(ctx, own, WaitingEnd.SESSION_CANCELLED) == AT_ONCE:
        continue


@admitted(by_clock)
def leave_served(ctx: Context, event: BookingMade) -> None:
    """Who has a seat waits no more for one there; a call that asks about it is not made.

    Who gave it back meanwhile, and joined the list after booking it, waits on.
    """
    messaging.withdraw(ctx, event.booking_id, messaging.MessageKind.PHONE_OFFER)
    taken_at = _taken_at(event.booking_id)
    if taken_at is None:
        return
    session = queries.session(ctx, event.session_id)
    own = (WaitingEntry.resident_id == event.resident_id) & waiting_line.waits_for(session)
    before = (WaitingEntry.state == WaitingState.WAITING) & (WaitingEntry.joined_at <= taken_at)
    for entry in _held(own & before):
        end(ctx, entry, WaitingAct.SERVE)


def _taken_at(booking_id: UUID) -> datetime | None:
    """When a seat was booked that the person still has."""
    has_it = Booking.ended_at.is_(None) & (Booking.state != BookingState.HELD)
    found = select(Booking.booked_at).where(Booking.id == booking_id, has_it)
    return db.session.execute(found).scalar()


def _close_all(ctx: Context, which: ColumnElement[bool], reason: WaitingEnd) -> int:
    found = _held(which)
    for entry in found:
        close(ctx, entry, reason)
    return len(found)


def _held(which: ColumnElement[bool]) -> Sequence[WaitingEntry]:
    """Some of these entries, locked one after the other."""
    found = select(WaitingEntry).where(which).order_by(WaitingEntry.id).limit(AT_ONCE)
    locked = found.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(locked).scalars().all()


def _manner(ctx: Context, entry: WaitingEntry, session: ClinicSession) -> Manner:
    """How a seat is kept for who waits; raises `NotWaiting`, `NotEligible`."""
    if entry.state is not WaitingState.WAITING:
        raise NotWaiting
    if not identity.has_agreed(entry.resident_id):
        raise NotEligible("person-closed")
    if entry.way is Way.OWN and _rests(ctx, entry.resident_id):
        raise NotEligible("resting")
    figures, heard = figures_of(ctx.region), messaging.heard_at(ctx)
    region = policy_of(ctx.region)
    works = network.workdays(ctx).is_workday
    until = offered_until(session.starts_at, heard, entry.reach, region, figures, works=works)
    if until is None:
        raise NotEligible("no-time-left")
    doctors = (Quota.FAMILY_DOCTOR,) if entry.way is Way.DOCTOR else ()
    return Manner(
        person=entry.resident_id,
        origin=BookingOrigin.WAITING_LIST,
        until=until,
        quotas=(Quota.OPEN, *doctors),
        staff_id=entry.staff_id,
        ahead=timedelta(0) if entry.session_id is None else figures.first,
        takes_returned=True,
    )


def _rests(ctx: Context, person: UUID) -> bool:
    """Whether missed seats rest what the person does alone, as in the claim."""
    rule = policy_of(ctx.region).strikes
    counts = (Strike.resident_id == person) & (Strike.state != StrikeState.LIFTED)
    found = select(func.count(), func.max(Strike.at))
    number, last = db.session.execute(found.where(counts, Strike.at > ctx.at - rule.window)).one()
    return number >= rule.most and last > ctx.at - rule.rest
