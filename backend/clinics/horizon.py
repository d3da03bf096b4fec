"""Which sessions the booking horizon lacks, and what the timetable has promised of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from backend import identity
from backend.clinics import making, roster_queries
from backend.clinics.models import ClinicSession, Roster, SessionState
from backend.clinics.roster_models import ClinicPromise
from backend.clinics.roster_rules import Board, Sitting
from backend.clinics.rules import policy_of
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.ids import new_id

Promised = tuple[Roster, Sitting]


def fill(ctx: Context, limit: int, ids: Collection[UUID] | None = None) -> int:
    """Make up to `limit` of the sessions that are lacking, of these rosters or of all.

    Whoever sits elsewhere at that hour, is still on the way, or has left, is passed over.
    """
    found = missing(ctx, limit, ids)
    return making.make(ctx, still_promised(ctx, found)) if found else 0


def missing(ctx: Context, limit: int, ids: Collection[UUID] | None = None) -> Sequence[Promised]:
    """What the horizon should show and does not; what is promised is written down beside."""
    promised = _promised(ctx, ids)
    write_down(promised)
    return _lacking(ctx, promised)[:limit]


def days(ctx: Context) -> tuple[date, date]:
    """The first and the last day of which sessions are made.

    One day more than anybody can book, so that a session is there before seats are released.
    """
    policy = policy_of(ctx.region)
    ahead = [policy.booking_horizon_days, *(rule.lead_days for rule in policy.quotas)]
    return ctx.today, ctx.today + timedelta(days=max(ahead) + 1)


def _promised(
    ctx: Context, ids: Collection[UUID] | None, *, shared: bool = False
) -> list[Promised]:
    """What published rosters promise of the horizon; `shared`: none of them changes meanwhile."""
    first, last = days(ctx)
    found = roster_queries.published(first, last).order_by(Roster.id)
    if ids is not None:
        found = found.where(Roster.id.in_(ids))
    if ctx.actor.role is not Role.CLOCK:
        found = found.where(Roster.institution_id.in_(ctx.actor.houses))
    if shared:
        found = found.with_for_update(read=True).execution_options(populate_existing=True)
    rosters = db.session.execute(found).scalars().all()
    almanac = roster_queries.almanac(ctx, rosters, first)
    return [
        (roster, sitting)
        for roster in rosters
        for sitting in almanac.sittings(roster, first, last)
        if sitting.starts_at > ctx.at
    ]


def write_down(promised: Sequence[Promised]) -> None:
    """Write down what the timetable says, whatever will come of it."""
    first = min((sitting.day for _, sitting in promised), default=date.max)
    known = select(ClinicPromise.roster_id, ClinicPromise.day).where(ClinicPromise.day >= first)
    before = {tuple(row) for row in db.session.execute(known)}
    rows = [
        {
            "id": new_id(),
            "roster_id": roster.id,
            "day": sitting.day,
            "expert_id": roster.expert_id,
            "institution_id": roster.institution_id,
        }
        for roster, sitting in promised
        if (roster.id, sitting.day) not in before
    ]
    if rows:
        db.session.execute(upsert(ClinicPromise).on_conflict_do_nothing(), rows)


def _lacking(ctx: Context, promised: Sequence[Promised]) -> list[Promised]:
    """Those of which no session is there and that can be held."""
    if not promised:
        return []
    first = min(sitting.day for _, sitting in promised)
    known = select(ClinicSession).where(ClinicSession.day >= first)
    sessions = db.session.execute(known).scalars().all()
    made = {(session.roster_id, session.day) for session in sessions}
    held = [one for one in sessions if one.state is SessionState.OPEN]
    houses = {one.institution_id for one in held} | {one.institution_id for _, one in promised}
    board = roster_queries.board(ctx, houses)
    for session in held:
        board.put(roster_queries.sitting_of(session))
    wanted = (each for each in promised if (each[0].id, each[1].day) not in made)
    return list(_possible(board, _of_those_who_work(ctx, list(wanted))))


def _possible(board: Board, wanted: Sequence[Promised]) -> Iterator[Promised]:
    for roster, sitting in wanted:
        if not board.is_impossible(sitting):
            board.put(sitting)
            yield roster, sitting


def _of_those_who_work(ctx: Context, wanted: Sequence[Promised]) -> list[Promised]:
    people = identity.staff(ctx, {sitting.expert_id for _, sitting in wanted})

    def has_left(sitting: Sitting) -> bool:
        expert = people.get(sitting.expert_id)
        return expert is not None and not expert.works(sitting.starts_at)

    return [each for each in wanted if not has_left(each[1])]


def still_promised(ctx: Context, lacking: Sequence[Promised]) -> Sequence[Promised]:
    """Those that are lacking still, once nobody else can put the same people anywhere."""
    shared = _promised(ctx, {roster.id for roster, _ in lacking}, shared=True)
    people: dict[UUID, set[UUID]] = defaultdict(set)
    for _, sitting in lacking:
        people[sitting.institution_id] |= sitting.staff
    roster_queries.hold_places(people)
    chosen = {sitting for _, sitting in lacking}
    return _lacking(ctx, [each for each in shared if each[1] in chosen])
