"""What we tell who waits, and the desk that calls; run by the relay, after the fact."""

from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend import messaging, network
from backend.clinics.events import SeatOffered
from backend.clinics.models import Booking, BookingOrigin, BookingState, ClinicSession
from backend.clinics.waiting_events import WaitingOver
from backend.clinics.waiting_models import Reach, WaitingEnd, WaitingEntry
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context, Role
from backend.kernel.database import db, held, one
from backend.messaging import MessageKind, To

ONCE = "once"
# Who serves at the house's desk: its nurses, or else who is there.
DESK = (Role.NURSE, Role.COORDINATOR, Role.PUBLIC_HEALTH, Role.DOCTOR)
NO_HOUSE = "您选的机构"
PAGE = "pages/waiting/detail?id={id}"


def ask_desk(ctx: Context, event: SeatOffered) -> None:
    """Ask the house's desk, once, to call who has no phone that messages reach."""
    if event.origin != BookingOrigin.WAITING_LIST:
        return
    booking = held(select(Booking).where(Booking.id == event.booking_id))
    offered = select(WaitingEntry).where(WaitingEntry.booking_id == booking.id)
    entry = db.session.execute(offered).scalar_one_or_none()
    if entry is None or entry.reach is not Reach.PHONE or booking.state is not BookingState.HELD:
        return
    house = one(select(ClinicSession).where(ClinicSession.id == booking.session_id)).institution_id
    to = To.on_duty(house, *DESK)
    messaging.queue(ctx, MessageKind.PHONE_OFFER, to, booking.id, ONCE, {})


def tell_waiting_over(ctx: Context, event: WaitingOver) -> None:
    """No seat came, the session is not held, or nobody answered: look for another one."""
    if event.reason == WaitingEnd.CLOSED:
        return
    shown = joinedload(WaitingEntry.session).joinedload(ClinicSession.institution)
    entry = one(select(WaitingEntry).where(WaitingEntry.id == event.entry_id).options(shown))
    at, place = _waited_for(ctx, entry)
    messaging.queue(
        ctx,
        MessageKind.SESSION_CHANGED,
        To.resident(entry.resident_id),
        entry.id,
        ONCE,
        {"time": messaging.as_time(at), "place": place},
        page=PAGE.format(id=entry.id),
    )


def _waited_for(ctx: Context, entry: WaitingEntry) -> tuple[datetime, str]:
    """The session's time and house, or the last minute of the last day and the first house."""
    if entry.session is not None:
        return entry.session.starts_at, entry.session.institution.name
    houses = network.by_ids(ctx, entry.institution_ids)
    place = next((houses[one].name for one in entry.institution_ids if one in houses), NO_HOUSE)
    return datetime.combine(entry.until, time.max, SHANGHAI), place
