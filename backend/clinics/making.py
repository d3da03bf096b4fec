"""Sessions and their seats, made of what rosters promise, and unmade while nobody has a seat."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from backend.clinics import queries
from backend.clinics.models import TOGETHER, Allocation, ClinicSession, Roster, Seat
from backend.clinics.roster_rules import Sitting
from backend.clinics.rules import kept_seats, policy_of, releases_at, seat_windows
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.transaction import attempt

_COPIED = (
    "institution_id",
    "specialty",
    "service",
    "fee",
    "capacity",
    "allocation",
    "is_scarce",
)


def make(ctx: Context, promised: Sequence[tuple[Roster, Sitting]]) -> int:
    """Make these sessions with their seats; what another process has made since is left alone."""
    rows = [_session_row(ctx, roster, sitting) for roster, sitting in promised]
    if not rows:
        return 0
    new = upsert(ClinicSession).on_conflict_do_nothing()
    made = set(db.session.execute(new.returning(ClinicSession.id), rows).scalars())
    seats = [
        seat
        for (roster, _), row in zip(promised, rows, strict=True)
        if row["id"] in made and roster.capacity
        for seat in _seat_rows(ctx, roster, row)
    ]
    if seats:
        db.session.execute(insert(Seat), seats)
    return len(made)


def unmake(session: ClinicSession) -> bool:
    """Take a session back of which nobody knows; False where anybody ever had a seat in it.

    Whatever names a session or a seat of it forbids this in the schema.
    """
    seats = select(Seat).filter_by(session_id=session.id)
    try:
        with attempt():
            queries.hold_seats(seats)
            for gone in (
                delete(Seat).where(Seat.session_id == session.id),
                delete(ClinicSession).where(ClinicSession.id == session.id),
            ):
                db.session.execute(gone, execution_options={"synchronize_session": False})
    except IntegrityError:
        return False
    db.session.expunge(session)
    return True


def _session_row(ctx: Context, roster: Roster, sitting: Sitting) -> dict[str, Any]:
    return {name: getattr(roster, name) for name in _COPIED} | {
        "id": new_id(),
        "roster_id": roster.id,
        "expert_id": sitting.expert_id,
        "crew": sorted(sitting.crew),
        "room": sitting.room,
        "day": sitting.day,
        "starts_at": sitting.starts_at,
        "ends_at": sitting.ends_at,
        "releases_at": releases_at(sitting.starts_at, policy_of(ctx.region)),
    }


def _seat_rows(ctx: Context, roster: Roster, session: dict[str, Any]) -> list[dict[str, Any]]:
    """Numbered seats, each with its minutes; at a lecture each stands for the whole of it."""
    begin, capacity = session["starts_at"], session["capacity"]
    whole = begin, session["ends_at"]
    minutes = seat_windows(*whole, capacity)
    together = roster.service in TOGETHER
    kept = kept_seats(
        begin,
        capacity,
        policy_of(ctx.region),
        is_staggered=roster.allocation is Allocation.STAGGERED,
        is_drawn=roster.allocation is Allocation.LOTTERY,
        counts=roster.quotas or ({} if together else None),
    )
    return [
        {"id": new_id(), "session_id": session["id"], "number": number}
        | dict(zip(("starts_at", "ends_at"), whole if together else own, strict=True))
        | asdict(of)
        for (number, *own), of in zip(minutes, kept, strict=True)
    ]
