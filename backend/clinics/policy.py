"""Who may see a booking, and who may arrange clinics."""

from sqlalchemy import ColumnElement, false, select

from backend.clinics.displacement_models import Displacement
from backend.clinics.lottery_models import LotteryEntry
from backend.clinics.models import Booking, BookingOrigin, ClinicSession, Roster
from backend.identity import Resident
from backend.kernel.context import Context, Role, Scope
from backend.kernel.policy import by_person
from backend.kernel.relations import Kind, Relation, in_force, is_source, related
from backend.kernel.ties import (
    NONE,
    Grant,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    as_person,
    bound,
    by_itself,
    everything,
    in_house,
    of_person,
    possible,
)


def ties(ctx: Context, booking: Booking) -> Ties:
    """Whose seat it is; the expert of that session, until the window after it; the clock."""
    as_expert = possible(ctx) & {Tie.BOOKED_SPECIALIST}
    if as_expert and not is_source(ctx, booking.id, Kind.BOOKED):
        as_expert = NONE
    return as_person(ctx, booking.resident_id, booking.id) | as_expert | by_itself(ctx)


def entry_ties(ctx: Context, entry: LotteryEntry) -> Ties:
    """Who takes part in the draw; the clock."""
    return as_person(ctx, entry.resident_id, entry.id) | by_itself(ctx)


def house_ties(ctx: Context, held: Roster | ClinicSession) -> Ties:
    """Whoever manages the house where it is held."""
    return in_house(ctx, held.institution_id)


def _of_own_sessions(ctx: Context) -> ColumnElement[bool]:
    return Booking.id.in_(
        select(Relation.source_id).where(
            Relation.party_id == ctx.actor.id, Relation.kind == Kind.BOOKED, in_force(ctx)
        )
    )


def of_team(ctx: Context, resident: Resident) -> Ties:
    """The team that the resident is signed with."""
    return bound(ctx, resident.id)


def proposed_by(ctx: Context) -> ColumnElement[bool]:
    """What the actor keeps for residents who are still signed with the own team."""
    still = Booking.resident_id.in_(related(ctx, Kind.SIGNED))
    own = Booking.staff_id == ctx.actor.id
    return own & (Booking.origin == BookingOrigin.DOCTOR) & still


def displaced_ties(ctx: Context, row: Displacement) -> Ties:
    """Whose seat it was; the desk of the house where it was."""
    here = row.institution_id == ctx.actor.institution
    at_desk_here = possible(ctx) & {Tie.STAFF} if here else NONE
    return as_person(ctx, row.resident_id, row.booking_id) | at_desk_here | by_itself(ctx)


def _displaced_here(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in DESK:
        return false()
    return Displacement.institution_id == ctx.actor.institution


def _sessions_of_desk(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in DESK:
        return false()
    return ClinicSession.institution_id == ctx.actor.institution


visible_to = Sight(
    scopes=(Scope.BOOK,),
    rows={
        **of_person(Booking.resident_id, Scope.BOOK, subject=Booking.id),
        Tie.BOOKED_SPECIALIST: _of_own_sessions,
        Tie.CLOCK: everything,
    },
)
entries_visible_to = Sight(
    scopes=(Scope.BOOK,),
    rows={
        **of_person(LotteryEntry.resident_id, Scope.BOOK, subject=LotteryEntry.id),
        Tie.CLOCK: everything,
    },
)
to_book = by_person(Scope.BOOK)
own_booking = allows(ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.BOOK)
own_entry = allows(entry_ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.BOOK)
roster_of_own_house: Grant[Roster] = allows(house_ties, Tie.INSTITUTION, Tie.CONSORTIUM)
session_of_own_house: Grant[ClinicSession] = allows(house_ties, Tie.INSTITUTION, Tie.CONSORTIUM)
by_clock_or_manager = admits(Tie.CLOCK, Tie.INSTITUTION, Tie.CONSORTIUM)
own_resident: Grant[Resident] = allows(of_team, Tie.SIGNED_DOCTOR, Tie.SAME_TEAM)
# Managers see their own houses alone; the desk books in every house.
DESK = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR})
at_desk = admits(Tie.STAFF, only={Tie.STAFF: DESK})
own_displacements = Sight(
    scopes=(Scope.BOOK,),
    rows=of_person(Displacement.resident_id, Scope.BOOK, subject=Displacement.booking_id),
)
displaced_here = Sight(rows={Tie.STAFF: _displaced_here})
sessions_of_desk = Sight(rows={Tie.STAFF: _sessions_of_desk})
displaced_person: Grant[Displacement] = allows(
    displaced_ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.BOOK
)
displaced_at_desk: Grant[Displacement] = allows(displaced_ties, Tie.STAFF, only={Tie.STAFF: DESK})
displaced_or_desk: Grant[Displacement] = allows(
    displaced_ties,
    Tie.SELF,
    Tie.PROXY,
    Tie.GUARDIAN,
    Tie.STAFF,
    scope=Scope.BOOK,
    only={Tie.STAFF: DESK},
)
