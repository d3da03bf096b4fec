"""Who may see who waits, and who may put somebody on the list, call, or say how urgent it is."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select

from backend import identity
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.policy import DESK
from backend.clinics.waiting_models import Reach, WaitingEntry
from backend.kernel.context import Context, Role, Scope
from backend.kernel.database import db
from backend.kernel.relations import Kind, related
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
KINDS = {Tie.SIGNED_DOCTOR: frozenset({Kind.SIGNED})}
KNOWN = {Tie.BOOKED_SPECIALIST: frozenset({Kind.BOOKED})}


def waiting_ties(ctx: Context, entry: WaitingEntry) -> Ties:
    """Whose place it is; the family doctor; the session's expert who knows them; the clock."""
    own = as_person(ctx, entry.resident_id, entry.id)
    known = bound(ctx, entry.resident_id, KNOWN)
    if known and not _is_found(select(WaitingEntry.id).where(_named(entry), _of_own_session(ctx))):
        known = NONE
    return own | bound(ctx, entry.resident_id, KINDS) | known | by_itself(ctx)


def _named(entry: WaitingEntry) -> ColumnElement[bool]:
    return WaitingEntry.id == entry.id


def _is_found(wanted: Select[UUID]) -> bool:
    return db.session.execute(wanted).first() is not None


def _of_own_session(ctx: Context) -> ColumnElement[bool]:
    """Somebody who waits for a session of the acting expert, who knows the person already."""
    own = select(ClinicSession.id).where(ClinicSession.expert_id == ctx.actor.id)
    known = WaitingEntry.resident_id.in_(related(ctx, Kind.BOOKED))
    return WaitingEntry.session_id.in_(own) & known


def resident_ties(ctx: Context, resident: identity.Resident) -> Ties:
    """The family doctor of somebody who is to be put on the list."""
    return bound(ctx, resident.id, KINDS)


def call_ties(ctx: Context, entry: WaitingEntry) -> Ties:
    """Staff of the house where the offered session is held."""
    is_here = _is_found(select(WaitingEntry.id).where(_named(entry), _offered_here(ctx)))
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
        Tie.BOOKED_SPECIALIST: _of_own_session,
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
