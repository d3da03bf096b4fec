"""Sessions follow their roster while nobody has a seat in them; the others wait for a decision."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select

from backend.clinics import horizon, making, roster_queries
from backend.clinics.models import ClinicSession, Roster
from backend.clinics.roster_conflicts import differs
from backend.clinics.roster_models import ClinicPromise, RosterException
from backend.clinics.roster_rules import Sitting
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.network import CalendarChanged

MOST_AT_ONCE = 100


def follow(
    ctx: Context, rosters: Sequence[Roster], days: Collection[date] | None = None
) -> Sequence[ClinicSession]:
    """Let what is to come be as the rosters say now: on these days, or all of it made anew.

    Returns the sessions that differ and stay as they are, for people have or had seats in them.
    """
    db.session.flush()
    ids = [roster.id for roster in rosters]
    wanted = [ClinicSession.roster_id.in_(ids)]
    if days is not None:
        wanted.append(ClinicSession.day.in_(days))
    coming = roster_queries.coming(ctx, *wanted)
    kept = [one for one in (coming if days is None else _astray(ctx, coming)) if not _gone(one)]
    _forget_promises(ctx, ids, days)
    horizon.fill(ctx, MOST_AT_ONCE, ids)
    return _astray(ctx, kept)


def follow_calendar(ctx: Context, event: CalendarChanged) -> None:
    """A day is worked or free all of a sudden: its sessions come or go, but none with people."""
    first, last = horizon.days(ctx)
    if first <= event.day <= last:
        found = roster_queries.published(event.day, event.day)
        follow(ctx, db.session.execute(found).scalars().all(), [event.day])


def astray(ctx: Context) -> Sequence[ClinicSession]:
    """The sessions to come in the actor's houses that are not what their rosters say now."""
    here = ClinicSession.institution_id.in_(ctx.actor.houses)
    return _astray(ctx, roster_queries.coming(ctx, here))


def _gone(session: ClinicSession) -> bool:
    return not session.taken and making.unmake(session)


def _astray(ctx: Context, sessions: Sequence[ClinicSession]) -> Sequence[ClinicSession]:
    """Those of these, by time, that differ; what was moved here has no roster to differ from."""
    sessions = [one for one in sessions if one.roster_id is not None]
    if not sessions:
        return []
    first, last = sessions[0].day, sessions[-1].day
    ids = {one.roster_id for one in sessions}
    found = roster_queries.published(first, last).where(Roster.id.in_(ids))
    rosters = db.session.execute(found).scalars().all()
    almanac = roster_queries.almanac(ctx, rosters, first)
    promised: dict[tuple[UUID | None, date], Sitting] = {
        (roster.id, sitting.day): sitting
        for roster in rosters
        for sitting in almanac.sittings(roster, first, last)
    }
    return [one for one in sessions if differs(one, promised.get((one.roster_id, one.day)))]


def _forget_promises(ctx: Context, ids: Sequence[UUID], days: Collection[date] | None) -> None:
    """What is changed in time was not promised so; a day called off stays a promise not kept."""
    promise = ClinicPromise.roster_id, ClinicPromise.day
    exception = select(RosterException.id).where(~RosterException.is_held)
    called_off = exception.where(
        RosterException.roster_id == promise[0], RosterException.day == promise[1]
    )
    made = select(ClinicSession.id).where(
        ClinicSession.roster_id == promise[0], ClinicSession.day == promise[1]
    )
    gone = delete(ClinicPromise).where(
        promise[0].in_(ids), promise[1] > ctx.today, ~called_off.exists(), ~made.exists()
    )
    if days is not None:
        gone = gone.where(promise[1].in_(days))
    db.session.execute(gone, execution_options={"synchronize_session": False})
