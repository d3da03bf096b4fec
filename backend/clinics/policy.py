"""Who may see a booking, and who may arrange clinics."""

from sqlalchemy import ColumnElement, false, select, true

from backend.clinics.models import Booking, ClinicSession, Roster
from backend.kernel.context import CLINICAL, Context, Role


def visible_to(ctx: Context) -> ColumnElement[bool]:
    """Residents see their own bookings, experts those of their own sessions."""
    if ctx.actor.role is Role.RESIDENT:
        return Booking.resident_id == ctx.person
    if ctx.actor.role in CLINICAL:
        own = select(ClinicSession.id).where(ClinicSession.expert_id == ctx.actor.id)
        return Booking.session_id.in_(own)
    return true() if ctx.actor.role is Role.CLOCK else false()


def own_booking(ctx: Context, booking: Booking) -> bool:
    """The resident whose seat it is."""
    return ctx.actor.role is Role.RESIDENT and booking.resident_id == ctx.person


def roster_of_own_house(ctx: Context, roster: Roster) -> bool:
    """A manager of the house where the weekly clinic is held."""
    return ctx.actor.role is Role.MANAGER and roster.institution_id == ctx.actor.institution


def session_of_own_house(ctx: Context, session: ClinicSession) -> bool:
    """A manager of the house where the session is held."""
    return ctx.actor.role is Role.MANAGER and session.institution_id == ctx.actor.institution


def by_clock_or_manager(ctx: Context) -> bool:
    """What happens by itself everywhere, a manager may hasten in the own house."""
    return ctx.actor.role in {Role.CLOCK, Role.MANAGER}
