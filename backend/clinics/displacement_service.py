"""停诊改约: what a person who lost a seat says, on the own phone or to the desk that calls."""

from uuid import UUID

from backend.clinics import displacement_queries, policy, queries
from backend.clinics.claim import Manner, Wish
from backend.clinics.displacement_events import CallMissed, CallWanted
from backend.clinics.displacement_models import (
    DISPLACEMENT_LIFE,
    Displacement,
    DisplacementAct,
    DisplacementState,
)
from backend.clinics.displacement_queries import Alternatives
from backend.clinics.displacing import settle
from backend.clinics.equivalents import equivalents, quotas_of
from backend.clinics.errors import NotEquivalent, NothingKept, OfferOver
from backend.clinics.events import BookingMade
from backend.clinics.giving_back import give_back, hold_sessions
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingOrigin,
    BookingState,
)
from backend.clinics.offering import take
from backend.clinics.own_claim import claimed
from backend.kernel import sensitive
from backend.kernel.context import CLINICAL, Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import permitted
from backend.kernel.sensitive import Traits


@permitted(policy.displaced_or_desk)
def choose(ctx: Context, row: Displacement, session_id: UUID, wish: Wish) -> Alternatives:
    """Take another equivalent seat in place of the one that is kept, in one act.

    Raises `IllegalMove` where the person has answered, `NotEquivalent` and what `book` raises.
    """
    DISPLACEMENT_LIFE.after(row.state, DisplacementAct.CHOOSE)
    if session_id not in {session.id for session in equivalents(ctx, row)} | _kept_in(row):
        raise NotEquivalent
    touched = {session_id, *_let_go(ctx, row)}
    lost = db.session.get_one(Booking, row.booking_id)
    booking_id = new_id()
    manner = Manner(
        person=row.resident_id,
        origin=BookingOrigin.RE_OFFER,
        quotas=quotas_of(lost.origin),
        staff_id=_staff(ctx),
        is_first=True,
        is_limited=False,
    )
    found = claimed(ctx, booking_id, session_id, wish, manner)
    sensitive.mark(ctx, row.resident_id, [booking_id], Traits(specialty=found.specialty))
    record(ctx, BookingMade(row.resident_id, booking_id, session_id))
    row.offer_id = booking_id
    settle(ctx, row, DisplacementAct.CHOOSE)
    hold_sessions(touched)
    return displacement_queries.of_row(ctx, row)


@permitted(policy.displaced_at_desk)
def accept(ctx: Context, row: Displacement) -> Alternatives:
    """Write down that the person takes what is kept; raises `NothingKept`, `OfferOver`."""
    DISPLACEMENT_LIFE.after(row.state, DisplacementAct.ACCEPT)
    if row.offer_id is None:
        raise NothingKept
    kept = queries.lock(row.offer_id)
    state = BOOKING_LIFE.after(kept.state, BookingAct.CONFIRM)
    if kept.held_until is None or kept.held_until <= ctx.at:
        raise OfferOver
    kept.staff_id = ctx.actor.id
    take(ctx, kept, state)
    settle(ctx, row, DisplacementAct.ACCEPT)
    return displacement_queries.of_row(ctx, row)


@permitted(policy.displaced_or_desk)
def do_without(ctx: Context, row: Displacement) -> Alternatives:
    """The person wants no other seat: what is kept is free for others."""
    DISPLACEMENT_LIFE.after(row.state, DisplacementAct.DECLINE)
    _let_go(ctx, row)
    settle(ctx, row, DisplacementAct.DECLINE)
    return displacement_queries.of_row(ctx, row)


@permitted(policy.displaced_person)
def ask_for_call(ctx: Context, row: Displacement) -> Alternatives:
    """The person would rather be called; what is kept stays kept. Again is no change."""
    _require_open(row)
    if row.call_wanted_at is None:
        row.call_wanted_at = ctx.at
        record(ctx, CallWanted(row.resident_id, row.id, row.institution_id))
    return displacement_queries.of_row(ctx, row)


@permitted(policy.displaced_at_desk)
def note_missed_call(ctx: Context, row: Displacement) -> Alternatives:
    """Nobody answered the phone: the person stays on the list."""
    _require_open(row)
    row.calls_missed, row.called_at = row.calls_missed + 1, ctx.at
    record(ctx, CallMissed(row.resident_id, row.id))
    return displacement_queries.of_row(ctx, row)


def _require_open(row: Displacement) -> None:
    if row.state is not DisplacementState.OPEN:
        raise IllegalMove("这位居民已经答复过了，请刷新后再看。")


def _kept_in(row: Displacement) -> set[UUID]:
    """The session of the seat that is kept: another seat of it does as well."""
    kept = row.offer_id and db.session.get_one(Booking, row.offer_id)
    return {kept.session_id} if kept else set()


def _let_go(ctx: Context, row: Displacement) -> set[UUID]:
    """Free the seat that is kept; returns whose session's counter that touches."""
    kept = queries.lock(row.offer_id) if row.offer_id else None
    row.offer_id = None
    if kept is None or kept.state is not BookingState.HELD:
        return set()
    give_back(ctx, kept, BookingAct.DECLINE)
    return {kept.session_id}


def _staff(ctx: Context) -> UUID | None:
    return ctx.actor.id if ctx.actor.role in CLINICAL else None
