"""Which sessions the booking horizon lacks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from backend.clinics.models import ClinicSession, Roster, SessionState
from backend.clinics.queries import instant
from backend.clinics.rules import is_held, policy_of
from backend.kernel.context import Context, Role
from backend.kernel.database import db


def missing(ctx: Context, limit: int) -> Sequence[tuple[Roster, date, datetime]]:
    """The sessions that the horizon should show and that are not made yet, with their beginning.

    One day more than the horizon, so that a session is there before its seats are released.
    """
    days = [ctx.today + timedelta(n) for n in range(policy_of(ctx.region).booking_horizon_days + 2)]
    valid = select(Roster).where(
        Roster.starts_on <= days[-1],
        or_(Roster.ends_on.is_(None), Roster.ends_on >= days[0]),
    )
    if ctx.actor.role is not Role.CLOCK:
        valid = valid.where(Roster.institution_id.in_(ctx.actor.houses))
    known = _Known(days[0])
    found = (
        (roster, day, instant(day, roster.begins))
        for roster in db.session.execute(valid.order_by(Roster.id)).scalars()
        for day in days
        if _promised(roster, day) and known.lacks(roster, day)
    )
    return _first(limit, (each for each in found if each[2] > ctx.at))


def still_promised(
    missing: Sequence[tuple[Roster, date, datetime]],
) -> Sequence[tuple[Roster, date, datetime]]:
    """Those of them that their rosters, shared until the commit, still promise: none ends now."""
    ids = {roster.id for roster, _, _ in missing}
    wanted = select(Roster).where(Roster.id.in_(ids)).order_by(Roster.id)
    shared = wanted.with_for_update(read=True).execution_options(populate_existing=True)
    db.session.execute(shared).all()
    return [each for each in missing if _promised(*each[:2])]


class _Known:
    """The sessions from a day on: which there are, and when their experts are taken."""

    def __init__(self, first: date) -> None:
        kept = (
            ClinicSession.roster_id,
            ClinicSession.day,
            ClinicSession.expert_id,
            ClinicSession.starts_at,
            ClinicSession.ends_at,
            ClinicSession.state,
        )
        rows = db.session.execute(select(*kept).where(ClinicSession.day >= first)).all()
        self._made = {(row.roster_id, row.day) for row in rows}
        self._taken: dict[tuple[UUID, date], list[tuple[datetime, datetime]]] = {}
        for row in rows:
            if row.state is SessionState.OPEN:
                self._hours(row.expert_id, row.day).append((row.starts_at, row.ends_at))

    def lacks(self, roster: Roster, day: date) -> bool:
        """Whether a session can be made: it is not there, and its expert is free."""
        if (roster.id, day) in self._made:
            return False
        begin, end = instant(day, roster.begins), instant(day, roster.ends)
        taken = self._hours(roster.expert_id, day)
        if any(begin < until and start < end for start, until in taken):
            return False
        taken.append((begin, end))
        return True

    def _hours(self, expert_id: UUID, day: date) -> list[tuple[datetime, datetime]]:
        return self._taken.setdefault((expert_id, day), [])


def _promised(roster: Roster, day: date) -> bool:
    valid = roster.starts_on <= day and (roster.ends_on is None or day <= roster.ends_on)
    return valid and is_held(roster.weekday, day)


def _first(
    limit: int, found: Iterable[tuple[Roster, date, datetime]]
) -> Sequence[tuple[Roster, date, datetime]]:
    return [each for _, each in zip(range(limit), found, strict=False)]
