"""Who may see who waits, and who may put somebody on the list, call, or say how urgent it is."""

from sqlalchemy import ColumnElement, false, select

from backend import identity
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.policy import DESK
from backend.clinics.waiting_models import Reach, WaitingEntry
from backend.kernel.context import Context, Role, Scope
from backend.kernel.database import db
from backend.kernel.relations import Kind
from backend.kernel.ties import (
    NONE,
    Sight,
    Tie,
    Ties,
    allows,
    as_person,
    bound,
    by_itself,
    everything,
    of_person,
    possible,
)

ONLY_THERE = {Tie.STAFF: DESK}
# Only doctors say how urgent it is: the team's own, and the specialist who knows the person.
DOCTORS = frozenset({Role.DOCTOR, Role.SPECIALIST})
ONLY_DOCTORS = {Tie.BOOKED_SPECIALIST: DOCTORS}
KINDS = {
    Tie.SIGNED_DOCTOR: frozenset({Kind.SIGNED}),
    Tie.BOOKED_SPECIALIST: frozenset({Kind.BOOKED}),
}


def waiting_ties(ctx: Context, entry: WaitingEntry) -> Ties:
    """Whose place it is; the family doctor; an expert who knows the person; the clock."""
    own = as_person(ctx, entry.resident_id, entry.id)
    return own | bound(ctx, entry.resident_id, KINDS) | by_itself(ctx)


def resident_ties(ctx: Context, resident: identity.Resident) -> Ties:
    """The family doctor of somebody who is to be put on the list."""
    return bound(ctx, resident.id, KINDS)


def call_ties(ctx: Context, entry: WaitingEntry) -> Ties:
    """Staff of the house where the offered session is held."""
    here = select(WaitingEntry.id).where(WaitingEntry.id == entry.id, _offered_here(ctx))
    is_here = db.session.execute(here).first() is not None
    return possible(ctx) & {Tie.STAFF} if is_here else NONE


def _offered_here(ctx: Context) -> ColumnElement[bool]:
    """A seat of the own house is offered, to somebody who is to be called."""
    session = ClinicSession.institution_id == ctx.actor.institution
    offered = select(Booking.id).join(Booking.session).where(session)
    return WaitingEntry.booking_id.in_(offered) & (WaitingEntry.reach == Reach.PHONE)


def _to_call(ctx: Context) -> ColumnElement[bool]:
    return _offered_here(ctx) if ctx.actor.role in DESK else false()


visible_waiting = Sight(
    scopes=(Scope.BOOK,),
    rows={
        **of_person(WaitingEntry.resident_id, Scope.BOOK, subject=WaitingEntry.id),
        Tie.CLOCK: everything,
    },
    resident=WaitingEntry.resident_id,
    kinds=KINDS,
)
visible_calls = Sight(rows={Tie.STAFF: _to_call})
own_entry = allows(waiting_ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.BOOK)
doctor_of_entry = allows(waiting_ties, Tie.SIGNED_DOCTOR, Tie.BOOKED_SPECIALIST, only=ONLY_DOCTORS)
family_doctor = allows(resident_ties, Tie.SIGNED_DOCTOR)
who_calls = allows(call_ties, Tie.STAFF, only=ONLY_THERE)
