"""How rosters are found, and what is read beside them to know their days."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.orm import joinedload

from backend import network
from backend.clinics.models import ClinicSession, Roster, RosterState, SessionState
from backend.clinics.queries import SHOWN
from backend.clinics.roster_models import RosterBatch, RosterException
from backend.clinics.roster_rules import Almanac, Board, Sitting, policy_of
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page

# Sorted, so that two who hold several of them wait and never block each other.
_HOLD = text("""
SELECT pg_advisory_xact_lock(lock) FROM (
  SELECT DISTINCT hashtextextended(name, 0) AS lock FROM unnest(CAST(:names AS text[])) AS name
  ORDER BY lock
) AS wanted
""")


def rosters(
    ctx: Context, wanted: Wanted, state: RosterState | None = None, batch_id: UUID | None = None
) -> Page[Roster]:
    """The rosters of the acting manager's houses by weekday, ended ones included."""
    found = _of_houses(ctx).options(joinedload(Roster.expert))
    if state is not None:
        found = found.where(Roster.state == state)
    if batch_id is not None:
        found = found.where(Roster.batch_id == batch_id)
    return page(found, [Roster.weekday, Roster.id], wanted)


def own_rosters(ctx: Context, wanted: Wanted) -> Page[Roster]:
    """The published rosters in which the acting expert sits, alone or in a crew."""
    mine = or_(Roster.expert_id == ctx.actor.id, Roster.crew.contains([ctx.actor.id]))
    found = select(Roster).where(mine, _is_published()).options(joinedload(Roster.expert))
    return page(found, [Roster.weekday, Roster.id], wanted)


def roster(ctx: Context, roster_id: UUID) -> Roster:
    """A roster of the acting manager's houses; raises `NotFound`."""
    found = _of_houses(ctx).where(Roster.id == roster_id)
    return one(found.options(joinedload(Roster.expert)))


def hold_roster(ctx: Context, roster_id: UUID) -> Roster:
    """As `roster`, locked."""
    return held(_of_houses(ctx).where(Roster.id == roster_id))


def drafts(ctx: Context, ids: Collection[UUID]) -> Sequence[Roster]:
    """Those of these that the acting manager may see."""
    found = _of_houses(ctx).where(Roster.id.in_(ids)).order_by(Roster.id)
    return db.session.execute(found).scalars().all()


def hold_rosters(ctx: Context, ids: Collection[UUID]) -> Sequence[Roster]:
    """Those of these that the acting manager may see, locked by id."""
    found = _of_houses(ctx).where(Roster.id.in_(ids)).order_by(Roster.id).with_for_update()
    return db.session.execute(found.execution_options(populate_existing=True)).scalars().all()


def batch(ctx: Context, batch_id: UUID) -> RosterBatch:
    """A batch with a roster in the acting manager's houses; raises `NotFound`."""
    here = _of_houses(ctx).where(Roster.batch_id == RosterBatch.id)
    return one(select(RosterBatch).where(RosterBatch.id == batch_id, here.exists()))


def drafts_of_batch(ctx: Context, batch_id: UUID) -> Sequence[UUID]:
    """What of one act is not published yet."""
    waiting = (Roster.batch_id == batch_id, Roster.state == RosterState.DRAFT)
    found = _of_houses(ctx).where(*waiting).with_only_columns(Roster.id)
    return db.session.execute(found).scalars().all()


def exceptions(_ctx: Context, roster: Roster) -> Sequence[RosterException]:
    """The exceptions of a roster by day, past ones included."""
    found = select(RosterException).filter_by(roster_id=roster.id)
    return db.session.execute(found.order_by(RosterException.day)).scalars().all()


def published(first: date, last: date) -> Select[Roster]:
    """What people may count on between two days."""
    valid = or_(Roster.ends_on.is_(None), Roster.ends_on >= first)
    return select(Roster).where(_is_published(), Roster.starts_on <= last, valid)


def beside(
    places: Mapping[UUID, Collection[UUID]], first: date, last: date, but: Collection[UUID]
) -> Sequence[Roster]:
    """What is published and could be in the way: of these people, by house, and of the houses."""
    people = {person for some in places.values() for person in some}
    near = or_(
        Roster.expert_id.in_(people),
        Roster.crew.overlap(list(people)),
        Roster.institution_id.in_(places),
        Roster.id.in_(_stood_in(people)),
    )
    found = published(first, last).where(near, Roster.id.not_in(but)).order_by(Roster.id)
    return db.session.execute(found).scalars().all()


def _stood_in(people: Collection[UUID]) -> Select[UUID]:
    return select(RosterException.roster_id).where(RosterException.expert_id.in_(people))


def almanac(ctx: Context, rosters: Iterable[Roster], first: date) -> Almanac:
    """What decides about their days from `first` on."""
    ids = {each.replaces_id or each.id for each in rosters}
    found = select(RosterException).where(
        RosterException.roster_id.in_(ids), RosterException.day >= first
    )
    told: dict[UUID, dict[date, RosterException]] = defaultdict(dict)
    for row in db.session.execute(found).scalars():
        told[row.roster_id][row.day] = row
    return Almanac(network.workdays(ctx), told)


def board(ctx: Context, houses: Iterable[UUID]) -> Board:
    """An empty board that knows the ways between these houses."""
    return Board(network.by_ids(ctx, set(houses)), policy_of(ctx.region))


def sitting_of(session: ClinicSession) -> Sitting:
    """A session as something that can be in the way."""
    return Sitting(
        roster_id=session.roster_id,
        day=session.day,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        institution_id=session.institution_id,
        room=session.room,
        expert_id=session.expert_id,
        crew=frozenset(session.crew),
    )


def coming(ctx: Context, *conditions: ColumnElement[bool]) -> Sequence[ClinicSession]:
    """The open sessions that have not begun and meet these conditions, by time."""
    ahead = (ClinicSession.state == SessionState.OPEN, ClinicSession.starts_at > ctx.at)
    found = select(ClinicSession).where(*ahead, *conditions).options(*SHOWN)
    by_time = found.order_by(ClinicSession.starts_at, ClinicSession.id)
    return db.session.execute(by_time.execution_options(populate_existing=True)).scalars().all()


def places(rosters: Iterable[Roster]) -> Mapping[UUID, set[UUID]]:
    """By house the people who sit there."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for each in rosters:
        found[each.institution_id] |= {each.expert_id, *each.crew}
    return found


def hold_places(places: Mapping[UUID, Iterable[UUID]]) -> None:
    """Be the only one, until the commit, who puts these people into these houses.

    The exclusion constraint on sessions forbids one hour twice; the way between two houses, and
    rosters that have no session yet, only this lock guards.
    """
    names = {f"expert{person}" for some in places.values() for person in some}
    names |= {f"rooms{house}" for house in places}
    db.session.execute(_HOLD, {"names": sorted(names)})


def _of_houses(ctx: Context) -> Select[Roster]:
    return select(Roster).where(Roster.institution_id.in_(ctx.actor.houses))


def _is_published() -> ColumnElement[bool]:
    return Roster.state == RosterState.PUBLISHED
