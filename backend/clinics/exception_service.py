"""Single days of a roster that are not as its rule says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from backend import identity
from backend.clinics import policy, roster_queries
from backend.clinics.events import RosterExcepted
from backend.clinics.following import follow
from backend.clinics.models import TOGETHER, UNBOOKABLE, ClinicSession, Roster
from backend.clinics.roster_conflicts import POINTERS, WORDS, Trouble
from backend.clinics.roster_models import RosterException
from backend.clinics.roster_plans import may_sit
from backend.clinics.roster_rules import Almanac
from backend.clinics.rules import fits
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.policy import permitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """How one day differs: not held at all, or held with other hours, room or a stand-in.

    Held on a day that the rule or the calendar leaves out, it is an extra date.
    """

    day: date
    is_held: bool
    reason: str
    begins: time | None = None
    ends: time | None = None
    room: str | None = None
    expert_id: UUID | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """The columns of an exception."""
        return {name: getattr(self, name) for name in Otherwise.__slots__}


@dataclass(frozen=True, slots=True)
class Excepted:
    """The day as it is now, and the session of it, if it was left for somebody to decide."""

    exception: RosterException
    left: Sequence[ClinicSession]


@permitted(policy.roster_of_own_house)
def except_day(ctx: Context, roster: Roster, told: Otherwise) -> Excepted:
    """Let one day be otherwise, in place of what was said of it before; raises `Invalid`.

    The session of that day follows while nobody has a seat in it.
    """
    wrong = [*_faults(ctx, roster, told)]
    if wrong:
        raise Invalid(faults=wrong)
    roster_queries.hold_places(_places(roster, told.expert_id))
    made = {**told.values, "made_by": ctx.actor.id, "made_at": ctx.at}
    exception = RosterException(roster_id=roster.id, **made)
    _require_free(ctx, roster, told.day, exception)

    before = select(RosterException).filter_by(roster_id=roster.id, day=told.day)
    known = db.session.execute(before).scalar_one_or_none()
    if known is None:
        db.session.add(exception)
    else:
        exception = known
        for name, value in made.items():
            setattr(known, name, value)
    record(ctx, RosterExcepted(roster.id, told.day))
    return Excepted(exception, follow(ctx, [roster], [told.day]))


@permitted(policy.roster_of_own_house)
def forget_exception(ctx: Context, roster: Roster, exception_id: UUID) -> Sequence[ClinicSession]:
    """Let a day be as the rule says again; raises `NotFound`, `Invalid`.

    Returns the session of that day where it is left for somebody to decide.
    """
    found = db.session.get(RosterException, exception_id)
    if found is None or found.roster_id != roster.id:
        raise NotFound
    if found.day < ctx.today:
        raise Invalid(faults=[Fault("/day", "已经过去的日子不能再改")])
    roster_queries.hold_places(_places(roster))
    _require_free(ctx, roster, found.day)
    db.session.execute(delete(RosterException).where(RosterException.id == exception_id))
    db.session.expunge(found)
    record(ctx, RosterExcepted(roster.id, found.day))
    return follow(ctx, [roster], [found.day])


def _faults(ctx: Context, roster: Roster, told: Otherwise) -> Iterator[Fault]:
    if told.day < ctx.today:
        yield Fault("/day", "已经过去的日子不能再改")
    if not roster.starts_on <= told.day <= (roster.ends_on or date.max):
        yield Fault("/day", "这一天不在排班的起止日期内")
    if not told.is_held and (told.begins or told.ends or told.room or told.expert_id):
        yield Fault("/is_held", "不开诊的日子不用填时间、诊室和专家")
    if (told.begins is None) != (told.ends is None):
        yield Fault("/ends", "开始时间和结束时间要一起填")
    elif told.begins is not None and told.ends is not None:
        yield from _of_hours(roster, told.begins, told.ends)
    if told.expert_id is not None:
        person = identity.staff(ctx, [told.expert_id]).get(told.expert_id)
        if person is None or not may_sit(ctx, person):
            yield Fault("/expert_id", "没有找到这位专家，请核对")


def _of_hours(roster: Roster, begins: time, ends: time) -> Iterator[Fault]:
    if begins >= ends:
        yield Fault("/ends", "结束时间应晚于开始时间")
    elif roster.service not in UNBOOKABLE | TOGETHER and not fits(begins, ends, roster.capacity):
        yield Fault("/ends", "这段时间太短，每个号至少要有一分钟")


def _places(roster: Roster, expert_id: UUID | None = None) -> Mapping[UUID, set[UUID]]:
    return {roster.institution_id: {expert_id or roster.expert_id, *roster.crew}}


def _require_free(
    ctx: Context, roster: Roster, day: date, exception: RosterException | None = None
) -> None:
    """Raise `Invalid` where the day, with this exception or none, stands in somebody's way."""
    places = _places(roster, exception.expert_id if exception else None)
    others = roster_queries.beside(places, day, day, [roster.id])
    known = roster_queries.almanac(ctx, others, day)
    own = {day: exception} if exception else {}
    almanac = Almanac(known.workdays, {**known.exceptions, roster.id: own})
    board = roster_queries.board(ctx, {each.institution_id for each in (*others, roster)})
    for other in others:
        for sitting in almanac.sittings(other, day, day):
            board.put(sitting)
    for sitting in almanac.sittings(roster, day, day):
        for clash, _ in board.clashes(sitting):
            raise Invalid(faults=[Fault(POINTERS[Trouble(clash)], WORDS[Trouble(clash)])])
