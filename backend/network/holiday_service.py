"""Managers of a consortium keep the calendar: notices of the State Council come late each year."""

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted
from backend.kernel.ties import Tie, admits
from backend.network.events import CalendarChanged
from backend.network.models import CalendarDay

by_consortium = admits(Tie.CONSORTIUM)
PAST = "已经过去的日子不能再改"


@admitted(by_consortium)
def set_day(ctx: Context, day: date, works: bool, name: str) -> CalendarDay:
    """Enter a day as worked or free, in place of what was entered before; raises `Invalid`."""
    _require_ahead(ctx, day)
    told = {"works": works, "name": name, "entered_by": ctx.actor.id, "entered_at": ctx.at}
    row = insert(CalendarDay).values(id=new_id(), day=day, **told)
    db.session.execute(row.on_conflict_do_update(index_elements=["day"], set_=told))
    record(ctx, CalendarChanged(day))
    fresh = select(CalendarDay).where(CalendarDay.day == day)
    return one(fresh.execution_options(populate_existing=True))


@admitted(by_consortium)
def forget_day(ctx: Context, day: date) -> None:
    """Let the published table speak of a day again; raises `Invalid`, also twice."""
    _require_ahead(ctx, day)
    gone = delete(CalendarDay).where(CalendarDay.day == day).returning(CalendarDay.id)
    if db.session.execute(gone).first() is None:
        raise Invalid(faults=[Fault("/day", "这一天没有登记过，无需删除")])
    record(ctx, CalendarChanged(day))


def _require_ahead(ctx: Context, day: date) -> None:
    if day < ctx.today:
        raise Invalid(faults=[Fault("/day", PAST)])
