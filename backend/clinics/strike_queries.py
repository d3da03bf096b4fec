"""How strikes are found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from backend import identity
from backend.clinics.attendance_policy import strikes_visible_to
from backend.clinics.attendance_rules import attendance_of
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.strike_models import STRIKE_LIFE, Strike, StrikeAct, StrikeState
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.subjects import as_clock

MOST_SHOWN = 100
# Strikes have no house: the fence is that of their bookings (ADR 13).
_FENCED = select(Booking.id).where(Booking.id == Strike.booking_id).exists()


@dataclass(frozen=True, slots=True)
class Noted:
    """A strike with the seat it is about; `name` for the house that judges it."""

    strike: Strike
    booking: Booking
    session: ClinicSession
    acts: Sequence[StrikeAct]
    appealed_until: datetime
    name: str | None = None

    @property
    def resident_id(self) -> UUID:
        """Whose it is."""
        return self.strike.resident_id


def own(ctx: Context) -> Sequence[Noted]:
    """The strikes of the person acted for, the newest first."""
    found = _with_seats().where(strikes_visible_to(ctx))
    newest = found.order_by(Strike.at.desc(), Strike.id).limit(MOST_SHOWN)
    return [_noted(ctx, *row) for row in db.session.execute(newest).all()]


def hold(ctx: Context, strike_id: UUID) -> Strike:
    """A strike that the actor may see, locked; raises `NotFound`."""
    found = select(Strike).where(Strike.id == strike_id, strikes_visible_to(ctx))
    return held(found.where(_FENCED))


def find(ctx: Context, strike_id: UUID) -> Noted:
    """A strike that the actor may see, with its seat."""
    found = _with_seats().where(Strike.id == strike_id, strikes_visible_to(ctx))
    return _noted(ctx, *db.session.execute(found).one())


def to_decide(ctx: Context, wanted: Wanted) -> Page[Noted]:
    """What people said against strikes of the actor's house, the longest waiting first."""
    waiting = select(Strike).where(Strike.state == StrikeState.APPEALED, strikes_visible_to(ctx))
    found = page(waiting.where(_FENCED), [Strike.appealed_at, Strike.id], wanted)
    # The policy has judged that the house may know who explains what.
    people = identity.residents(as_clock(ctx), [one.resident_id for one in found.items])
    return Page([_named(ctx, one.id, people) for one in found.items], found.next)


def _named(ctx: Context, strike_id: UUID, people: Mapping[UUID, identity.Resident]) -> Noted:
    found = _with_seats().where(Strike.id == strike_id)
    strike, booking, session = db.session.execute(found).one()
    person = people.get(strike.resident_id)
    return _noted(ctx, strike, booking, session, person.name if person else None)


def _with_seats() -> Select[Strike, Booking, ClinicSession]:
    joined = select(Strike, Booking, ClinicSession).join(Booking, Booking.id == Strike.booking_id)
    return joined.join(ClinicSession, ClinicSession.id == Booking.session_id)


def _noted(
    ctx: Context, strike: Strike, booking: Booking, session: ClinicSession, name: str | None = None
) -> Noted:
    until = strike.at + attendance_of(ctx.region).appeal
    acts = [
        act
        for act in STRIKE_LIFE.acts(strike.state)
        if act is not StrikeAct.APPEAL or ctx.at <= until
    ]
    return Noted(strike, booking, session, acts, until, name)
