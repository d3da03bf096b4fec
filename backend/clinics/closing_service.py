"""停诊: sessions that are not held, or held elsewhere or by somebody else instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from backend import identity
from backend.clinics import policy, queries
from backend.clinics.closing import close, keep_numbers
from backend.clinics.displacement_models import Displacement
from backend.clinics.displacement_rules import answer_by, cascade_of
from backend.clinics.errors import ExpertElsewhere, NoChange, SessionOver
from backend.clinics.events import RoomChanged, SessionMoved
from backend.clinics.models import (
    SESSION_LIFE,
    TOGETHER,
    UNBOOKABLE,
    Allocation,
    ClinicSession,
    Seat,
    SessionAct,
    SessionState,
)
from backend.clinics.queries import Span
from backend.clinics.roster_rules import Sitting
from backend.clinics.rules import closes_at, policy_of, seat_windows
from backend.clinics.stand_ins import require_free
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_manager, permitted

EXPERTS = frozenset({Role.SPECIALIST, Role.DOCTOR, Role.NURSE})
COPIED = ("specialty", "service", "fee", "capacity", "allocation", "is_scarce")


@permitted(policy.session_of_own_house)
def cancel_session(ctx: Context, session: ClinicSession, reason: str) -> ClinicSession:
    """停诊: close every seat, then withdraw each booking, each with an event of its own.

    Who had a seat stays on the desk's list until there is an answer. Raises `IllegalMove` the
    second time, `SessionEnded`.
    """
    close(ctx, session, reason)
    return queries.session_of_house(ctx, session.id)


@admitted(by_manager)
def close_sessions(
    ctx: Context, expert_id: UUID, days: Span, reason: str
) -> Sequence[ClinicSession]:
    """Cancel what an expert holds in the actor's houses on these days, with whoever is booked.

    In one act; again cancels nothing more. Returns what was cancelled now, by time.
    """
    found = select(ClinicSession).where(
        ClinicSession.expert_id == expert_id,
        ClinicSession.institution_id.in_(ctx.actor.houses),
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.day.between(days.first, days.last),
        ClinicSession.ends_at > ctx.at,
    )
    in_order = found.order_by(ClinicSession.starts_at, ClinicSession.id)
    sessions = db.session.execute(in_order).scalars().all()
    for session in sessions:
        close(ctx, session, reason)
    return [queries.session_of_house(ctx, session.id) for session in sessions]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """When, where and by whom a session is held instead; what is not said stays as it was."""

    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    room: str | None = None
    institution_id: UUID | None = None
    expert_id: UUID | None = None


@permitted(policy.session_of_own_house)
def move_session(ctx: Context, session: ClinicSession, instead: Instead) -> ClinicSession:
    """Cancel a session and open the one that stands in for it, in one act; returns the latter.

    Who had a seat keeps its number there until an end, to be confirmed. Where the room alone
    changes nobody loses anything: the session stays, and everybody booked is told.
    Whoever sits there, the way and the room are asked as of rosters. Raises `Invalid` with
    pointers, `NoChange`, `ExpertElsewhere`, and as `cancel_session`.
    """
    SESSION_LIFE.after(session.state, SessionAct.CANCEL)
    if session.starts_at <= ctx.at:
        raise SessionOver
    wanted = _wanted(session, instead)
    changed = {name for name, value in wanted.items() if getattr(session, name) != value}
    if not changed:
        raise NoChange
    if faults := _faults(ctx, wanted, session):
        raise Invalid(faults=faults)
    require_free(ctx, _sitting(wanted), session.id)
    if changed == {"room"}:
        return _in_another_room(ctx, session, wanted["room"])

    rows = close(ctx, session, instead.reason)
    new = _opened(ctx, session, wanted)
    if seats := _seat_rows(ctx, session, new, queries.seats(ctx, session.id)):
        db.session.execute(insert(Seat), seats)
    session.moved_to = new.id
    record(ctx, SessionMoved(session.id, new.id, new.institution_id))
    _keep(ctx, new, rows)
    return queries.session_of_house(ctx, new.id)


def _keep(ctx: Context, new: ClinicSession, rows: Sequence[Displacement]) -> None:
    ours = cascade_of(ctx.region), policy_of(ctx.region)
    until = answer_by(new.starts_at, ctx.at, *ours)
    if until is not None:
        keep_numbers(ctx, new, rows, until)


def _in_another_room(ctx: Context, session: ClinicSession, room: str) -> ClinicSession:
    db.session.refresh(session, with_for_update={"of": ClinicSession})
    SESSION_LIFE.after(session.state, SessionAct.CANCEL)
    session.room = room
    if session.service not in UNBOOKABLE:
        record(ctx, RoomChanged(session.id, session.institution_id, ctx.at))
    return queries.session_of_house(ctx, session.id)


def _wanted(session: ClinicSession, instead: Instead) -> dict[str, Any]:
    """Everything that may differ; the length stays where only the beginning is said."""
    starts_at = instead.starts_at or session.starts_at
    length = session.ends_at - session.starts_at
    expert_id = instead.expert_id or session.expert_id
    return {
        "day": shanghai_date(starts_at),
        "starts_at": starts_at,
        "ends_at": instead.ends_at or starts_at + length,
        "room": instead.room or session.room,
        "institution_id": instead.institution_id or session.institution_id,
        "expert_id": expert_id,
        "crew": [each for each in session.crew if each != expert_id],
    }


def _sitting(wanted: dict[str, Any]) -> Sitting:
    return Sitting(**wanted | {"roster_id": None, "crew": frozenset(wanted["crew"])})


def _faults(ctx: Context, wanted: dict[str, Any], session: ClinicSession) -> Sequence[Fault]:
    expert = identity.staff(ctx, [wanted["expert_id"]]).get(wanted["expert_id"])
    minutes = int((wanted["ends_at"] - wanted["starts_at"]).total_seconds()) // 60
    least = 1 if session.service in TOGETHER else max(1, session.capacity)
    wrong = {
        "/institution_id": wanted["institution_id"] not in ctx.actor.houses,
        "/expert_id": expert is None or not expert.works(ctx.at) or expert.role not in EXPERTS,
        "/starts_at": wanted["starts_at"] <= ctx.at,
        "/ends_at": not least <= minutes <= 24 * 60,
    }
    return [Fault(pointer, WORDS[pointer]) for pointer, is_wrong in wrong.items() if is_wrong]


WORDS = {
    "/institution_id": "只能改到您管理的机构",
    "/expert_id": "没有找到这位专家，请核对",
    "/starts_at": "新的时间应在现在以后",
    "/ends_at": "时间太短，每个号至少要有一分钟；最长一天",
}


def _opened(ctx: Context, old: ClinicSession, wanted: dict[str, Any]) -> ClinicSession:
    """The session that stands in; raises `ExpertElsewhere`."""
    copied = {name: getattr(old, name) for name in COPIED}
    copied["releases_at"] = _fitting(ctx, old, wanted["starts_at"], old.releases_at)
    new = ClinicSession(**copied | wanted)
    db.session.add(new)
    try:
        db.session.flush()
    except IntegrityError as broken:
        raise ExpertElsewhere from broken
    return new


def _fitting(ctx: Context, old: ClinicSession, starts_at: datetime, opens: datetime) -> datetime:
    """When it can be booked: as was promised, or where that is past the new closing, at once.

    Seats that wait for a draw wait for the one that stands in.
    """
    if old.allocation is Allocation.LOTTERY and opens >= old.starts_at:
        return starts_at
    return opens if opens < closes_at(starts_at, policy_of(ctx.region)) else ctx.at


def _seat_rows(
    ctx: Context, old: ClinicSession, new: ClinicSession, seats: Sequence[Seat]
) -> Sequence[dict[str, Any]]:
    """The same numbers for the same quotas; what flows on does so as long before as it would."""
    later = new.starts_at - old.starts_at
    if not seats:
        return []
    whole = new.starts_at, new.ends_at
    windows = seat_windows(*whole, len(seats))
    together = new.service in TOGETHER
    return [
        {
            "id": new_id(),
            "session_id": new.id,
            "number": seat.number,
            "starts_at": whole[0] if together else begin,
            "ends_at": whole[1] if together else end,
            "quota": seat.quota,
            "releases_at": seat.releases_at and _fitting(ctx, old, new.starts_at, seat.releases_at),
            "flows_at": seat.flows_at and seat.flows_at + later,
        }
        for seat, (_, begin, end) in zip(seats, windows, strict=True)
    ]
