"""A seat that comes free again; its callers have asked whether they may, and hold both rows."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, update

from backend.clinics.displacement_models import DisplacementAct
from backend.clinics.displacing import follow
from backend.clinics.events import BookingCancelled, BookingMoved, OfferDeclined, OfferLapsed
from backend.clinics.models import BOOKING_LIFE, Booking, BookingAct, ClinicSession, Seat
from backend.clinics.rules import closes_at, policy_of
from backend.clinics.waiting_life import settle
from backend.clinics.waiting_line import precedence_until
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.relations import part

EVENTS: Mapping[BookingAct, type[BookingCancelled | BookingMoved | OfferDeclined | OfferLapsed]] = {
    BookingAct.CANCEL: BookingCancelled,
    BookingAct.MOVE: BookingMoved,
    BookingAct.DECLINE: OfferDeclined,
    BookingAct.LAPSE: OfferLapsed,
}
_CHANCE = SystemRandom()


def give_back(ctx: Context, booking: Booking, act: BookingAct = BookingAct.CANCEL) -> None:
    """End a booking and free its seat; raises `IllegalMove` where it has ended before."""
    booking.state = BOOKING_LIFE.after(booking.state, act)
    booking.ended_at, booking.ended_by_kinship = ctx.at, ctx.by_kinship
    settle(ctx, booking, act)
    follow(ctx, booking, _said(ctx, act))
    free_seat(ctx, booking)
    part(ctx, [booking.id])
    record(ctx, EVENTS[act](booking.resident_id, booking.id, booking.session_id))


def _said(ctx: Context, act: BookingAct) -> DisplacementAct | None:
    """The person's own no is an answer; whoever else frees the seat has given none."""
    is_answer = act is BookingAct.DECLINE and ctx.actor.role is Role.RESIDENT
    return DisplacementAct.DECLINE if is_answer else None


def free_seat(ctx: Context, booking: Booking) -> None:
    """Let others have the seat: at once, or where seats are scarce after a random delay.

    Nobody can hand a scarce seat over by cancelling at an agreed second. While people wait for one
    it is theirs before the public.
    """
    session = db.session.get_one(ClinicSession, booking.session_id)
    changed: dict[str, object] = {"is_free": True, "came_back_at": ctx.at}
    opens: ColumnElement[datetime] = func.coalesce(Seat.releases_at, session.releases_at)
    if session.is_scarce:
        changed["releases_at"] = opens = literal(_later(ctx, session), Seat.releases_at.type)
    if first := precedence_until(ctx, session):
        changed["releases_at"] = func.greatest(opens, first)
    seat = (Seat.session_id == booking.session_id) & (Seat.number == booking.seat_number)
    db.session.execute(update(Seat).where(seat).values(**changed))


def hold_sessions(ids: Iterable[UUID]) -> None:
    """Lock these sessions by id, right before the commit, whose counters would lock them anyhow.

    Two acts that touch the same sessions the other way round then wait instead of deadlocking.
    """
    found = select(ClinicSession.id).where(ClinicSession.id.in_(set(ids)))
    db.session.execute(found.order_by(ClinicSession.id).with_for_update(key_share=True)).all()


def _later(ctx: Context, session: ClinicSession) -> datetime:
    """Some time later; shortly before booking closes, any instant until then."""
    policy = policy_of(ctx.region)
    least, most = policy.return_delay_minutes
    delay = timedelta(seconds=_CHANCE.uniform(60 * least, 60 * most))
    opens = max(ctx.at, session.releases_at) + delay
    left = closes_at(session.starts_at, policy) - ctx.at
    return opens if opens <= ctx.at + left else ctx.at + max(left, timedelta(0)) * _CHANCE.random()
