"""Which bookings and waiting entries are of a sensitive category by today's edition."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from backend import identity
from backend.clinics.lottery_models import LotteryEntry
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.waiting_models import WaitingEntry
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.policy import admitted, by_clock
from backend.kernel.sensitive import Category


@admitted(by_clock)
def relabel(ctx: Context) -> int:
    """Label some that a new edition tells more of; returns how many."""
    return sum(sensitive.relabel(ctx, rows) for rows in (_booked, _waiting, _drawn))


def _booked(category: Category) -> Select[UUID, UUID]:
    found = select(Booking.id, Booking.resident_id).join(Booking.session)
    named = _names(ClinicSession.specialty, category)
    return found.where(named, identity.is_open(Booking.resident_id))


def _waiting(category: Category) -> Select[UUID, UUID]:
    found = select(WaitingEntry.id, WaitingEntry.resident_id)
    named = _names(WaitingEntry.specialty, category)
    return found.where(named, identity.is_open(WaitingEntry.resident_id))


def _drawn(category: Category) -> Select[UUID, UUID]:
    found = select(LotteryEntry.id, LotteryEntry.resident_id)
    of_session = found.join(ClinicSession, ClinicSession.id == LotteryEntry.session_id)
    named = _names(ClinicSession.specialty, category)
    return of_session.where(named, identity.is_open(LotteryEntry.resident_id))


def _names(specialty: InstrumentedAttribute[str], category: Category) -> ColumnElement[bool]:
    words = (specialty.contains(word, autoescape=True) for word in category.specialties)
    return or_(false(), *words)
