"""How mandates and the people of both sides are found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from backend import identity
from backend.identity import GUARDIANSHIP, Guardianship, Resident
from backend.kernel.context import Context, Kinship, Scope
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.proxies import policy, rules
from backend.proxies.models import SAYING_NO, WAITING, Mandate, State
from backend.proxies.slips import slip

SHOWN = (State.INVITED, State.ASKED, State.RECORDED, State.ACTIVE, State.ENDED)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mandate as one of its sides, or the desk, sees it; names as they may see them."""

    mandate: Mandate
    principal_name: str | None
    proxy_name: str | None
    scopes: tuple[Scope, ...]

    @property
    def resident_id(self) -> UUID | None:
        """Whose record this is."""
        return self.mandate.principal_id

    @property
    def slip(self) -> str:
        """What a desk prints for a person without a phone, who gets no message."""
        return slip(self.mandate, self.principal_name or "", self.proxy_name or "", self.scopes)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person for whom whoever is logged in may act today; oneself has no kinship."""

    resident_id: UUID
    name: str
    kinship: Kinship | None
    scopes: tuple[Scope, ...]
    is_guardian: bool
    until: date | None
    mandate_id: UUID | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The mandates that a house recorded, in numbers."""

    recorded: int
    active: int
    ended: int
    lapsed: int


def law(ctx: Context) -> Guardianship:
    """The ages in force today."""
    return GUARDIANSHIP.on(ctx.today)


def find(ctx: Context, mandate_id: UUID) -> Mandate:
    """A mandate the actor may see; raises `NotFound`."""
    return one(select(Mandate).where(Mandate.id == mandate_id, policy.visible_to(ctx)))


def hold(ctx: Context, mandate_id: UUID) -> Mandate:
    """As `find`, locked."""
    return held(select(Mandate).where(Mandate.id == mandate_id, policy.visible_to(ctx)))


def hold_of(_ctx: Context, principal_id: UUID, mandate_id: UUID) -> Mandate:
    """A mandate of the person who stands at the desk, locked; raises `NotFound`."""
    of_person = select(Mandate).where(Mandate.principal_id == principal_id)
    return held(of_person.where(Mandate.id == mandate_id, Mandate.state.in_(SAYING_NO)))


def mine(ctx: Context, wanted: Wanted) -> Page[Shown]:
    """Who may act, may have acted, or asks to act for oneself; the newest first."""
    own = select(Mandate).where(Mandate.principal_id == ctx.oneself, Mandate.state.in_(SHOWN))
    found = page(own, [Mandate.id], wanted, newest_first=True)
    return Page(_shown(ctx, found.items, masked=False), found.next)


def of_person(ctx: Context, principal_id: UUID) -> list[Shown]:
    """Who may act for the person who stands at the desk."""
    live = Mandate.state.in_([State.ACTIVE, *WAITING])
    found = select(Mandate).where(Mandate.principal_id == principal_id, live)
    return _shown(ctx, db.session.execute(found.order_by(Mandate.id)).scalars().all())


def to_witness(ctx: Context, wanted: Wanted) -> Page[Shown]:
    """What was recorded at this house and waits for its witness, the newest first."""
    waiting = (Mandate.state == State.RECORDED) & (Mandate.expires_at > ctx.at)
    found = page(
        select(Mandate).where(policy.visible_to(ctx), waiting),
        [Mandate.id],
        wanted,
        newest_first=True,
    )
    return Page(_shown(ctx, found.items), found.next)


def show(ctx: Context, mandate: Mandate, *, masked: bool = True) -> Shown:
    """One mandate, with names."""
    return _shown(ctx, [mandate], masked=masked)[0]


def people(ctx: Context) -> list[Somebody]:
    """For whom one may act today: oneself first, then family by name."""
    own = persons([ctx.oneself])[ctx.oneself]
    by_me = select(Mandate).where(Mandate.proxy_id == ctx.oneself, in_force(ctx))
    mandates = db.session.execute(by_me.order_by(Mandate.id)).scalars().all()
    theirs = persons(filter(None, (mandate.principal_id for mandate in mandates)))
    family = [_somebody(ctx, mandate, theirs) for mandate in mandates]
    me = Somebody(own.id, own.name, None, rules.ordered(rules.ALL), False, None, None)
    return [me, *(one for one in family if one is not None)]


def in_force(ctx: Context) -> ColumnElement[bool]:
    """Whether somebody may act by it today."""
    return (
        (Mandate.state == State.ACTIVE)
        & (Mandate.starts_on <= ctx.today)
        & (Mandate.ends_on >= ctx.today)
    )


def counted(ctx: Context, side: ColumnElement[bool]) -> int:
    """How many active mandates of one side are not over, those that begin later included."""
    live = (Mandate.state == State.ACTIVE) & (Mandate.ends_on >= ctx.today)
    return db.session.execute(select(func.count()).where(side, live)).scalar_one()


def persons(ids: Iterable[UUID]) -> Mapping[UUID, Resident]:
    """The people of either side, by id."""
    found = select(Resident).where(Resident.id.in_(list(ids)))
    return {row.id: row for row in db.session.execute(found).scalars()}


def is_of_staff(staff_ids: Iterable[UUID | None], resident_id: UUID) -> bool:
    """Whether this resident is one of these members of staff, by the WeChat account of both."""
    account = identity.Account
    both = select(account.id).where(
        account.resident_id == resident_id,
        account.staff_id.in_([one for one in staff_ids if one is not None]),
    )
    return db.session.execute(both.limit(1)).first() is not None


def waiting_too_long(ctx: Context, limit: int) -> Select[Mandate]:
    """What nobody answered in time, locked."""
    over = Mandate.state.in_(WAITING) & (Mandate.expires_at <= ctx.at)
    return _some(over, limit)


def over(ctx: Context, limit: int) -> Select[Mandate]:
    """Active mandates whose last day is over, locked."""
    return _some((Mandate.state == State.ACTIVE) & (Mandate.ends_on < ctx.today), limit)


def guardians_to_tell(ctx: Context, limit: int) -> Select[Mandate]:
    """Guardians of children who have a say since lately, who were not told; locked."""
    due = (Mandate.narrows_on <= ctx.today) & Mandate.narrowing_told_at.is_(None)
    return _some((Mandate.state == State.ACTIVE) & due, limit)


def of_either_side(resident_id: UUID) -> Select[Mandate]:
    """Everything open with this person in it, locked."""
    theirs = (Mandate.principal_id == resident_id) | (Mandate.proxy_id == resident_id)
    live = Mandate.state.in_([State.ACTIVE, *WAITING])
    return select(Mandate).where(theirs, live).order_by(Mandate.id).with_for_update()


def tally(ctx: Context) -> Tally:
    """What the manager's houses recorded, without names."""
    here = Mandate.institution_id.in_(ctx.actor.houses)
    found = select(Mandate.state, func.count()).where(here).group_by(Mandate.state)
    counts = {row[0]: row[1] for row in db.session.execute(found)}
    states = (State.RECORDED, State.ACTIVE, State.ENDED, State.LAPSED)
    return Tally(*(counts.get(state, 0) for state in states))


def _some(which: ColumnElement[bool], limit: int) -> Select[Mandate]:
    return (
        select(Mandate)
        .where(which)
        .order_by(Mandate.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _shown(ctx: Context, mandates: Sequence[Mandate], *, masked: bool = True) -> list[Shown]:
    ids = {one for row in mandates for one in (row.principal_id, row.proxy_id) if one is not None}
    known = persons(ids)
    words = rules.masked if masked else str
    return [_one_shown(ctx, row, known, words) for row in mandates]


def _one_shown(
    ctx: Context, row: Mandate, known: Mapping[UUID, Resident], words: Callable[[str], str]
) -> Shown:
    principal, proxy = known.get(row.principal_id or row.id), known.get(row.proxy_id or row.id)
    named = words(proxy.name) if proxy else row.invited_name
    return Shown(
        row,
        words(principal.name) if principal else None,
        named,
        rules.ordered(row.scopes_on(ctx.today)),
    )


def _somebody(ctx: Context, mandate: Mandate, theirs: Mapping[UUID, Resident]) -> Somebody | None:
    person = theirs.get(mandate.principal_id or mandate.id)
    if person is None or person.died_on is not None or person.restricted_at is not None:
        return None
    return Somebody(
        person.id,
        rules.masked(person.name),
        mandate.kinship,
        rules.ordered(mandate.scopes_on(ctx.today)),
        mandate.is_guardian,
        mandate.ends_on,
        mandate.id,
    )
