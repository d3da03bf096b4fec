"""Whether a session can be held otherwise: asked as of rosters before they are published."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import or_, select

from backend.clinics import roster_queries
from backend.clinics.errors import ExpertElsewhere
from backend.clinics.models import ClinicSession, SessionState
from backend.clinics.roster_conflicts import WORDS, Trouble
from backend.clinics.roster_rules import Clash, Sitting
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid

POINTERS = {Clash.TRAVEL_TOO_SHORT: "/starts_at", Clash.ROOM_TAKEN: "/room"}


def require_free(ctx: Context, wanted: Sitting, session_id: UUID) -> None:
    """Hold the house's rooms and these people's days until the commit: nothing is in the way.

    The session of this id is not in its own way. Raises `ExpertElsewhere`, `Invalid` with pointers.
    """
    roster_queries.hold_places({wanted.institution_id: wanted.staff})
    others = [*_others(ctx, wanted, session_id)]
    houses = {one.institution_id for one in others} | {wanted.institution_id}
    board = roster_queries.board(ctx, houses)
    for other in others:
        board.put(other)
    clashes = {clash for clash, _ in board.clashes(wanted)}
    if Clash.EXPERT_ELSEWHERE in clashes:
        raise ExpertElsewhere
    if clashes:
        raise Invalid(faults=[_fault(clash) for clash in sorted(clashes)])


def _fault(clash: Clash) -> Fault:
    return Fault(POINTERS[clash], WORDS[Trouble(clash)])


def _others(ctx: Context, wanted: Sitting, session_id: UUID) -> Iterator[Sitting]:
    """What is held that day, and what is promised of it and has no session yet."""
    near = or_(
        ClinicSession.institution_id == wanted.institution_id,
        ClinicSession.expert_id.in_(wanted.staff),
        ClinicSession.crew.overlap(list(wanted.staff)),
    )
    held = (ClinicSession.state == SessionState.OPEN) & (ClinicSession.id != session_id)
    found = select(ClinicSession).where(ClinicSession.day == wanted.day, near, held)
    for session in db.session.execute(found).scalars():
        yield roster_queries.sitting_of(session)
    yield from _promised(ctx, wanted)


def _promised(ctx: Context, wanted: Sitting) -> Iterator[Sitting]:
    """Of a roster whose session was made, or closed since, nothing more is promised that day."""
    day = wanted.day
    rosters = roster_queries.beside({wanted.institution_id: wanted.staff}, day, day, [])
    made = select(ClinicSession.roster_id).where(
        ClinicSession.day == day, ClinicSession.roster_id.in_([each.id for each in rosters])
    )
    known = set(db.session.execute(made).scalars())
    almanac = roster_queries.almanac(ctx, rosters, day)
    for roster in rosters:
        if roster.id not in known:
            yield from almanac.sittings(roster, day, day)
