"""Nobody leads: every jobs process ticks, and the database lets one of them have a slot."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, DateTime, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.database import Base, db

tick = Table(
    "tick",
    Base.metadata,
    Column("job", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def slot_of(at: datetime, every: timedelta) -> int:
    """The number of the period that `at` falls into."""
    return int(at.timestamp() // every.total_seconds())


def claim(job: str, slot: int) -> bool:
    """Whether this process is the one to run `job` for `slot`."""
    mine = insert(tick).values(job=job, slot=slot).on_conflict_do_nothing().returning(tick.c.slot)
    return db.session.execute(mine).first() is not None


def forget_before(instant: datetime) -> int:
    """Drop the claims older than `instant` (real time); returns how many."""
    gone = tick.delete().where(tick.c.claimed_at < instant).returning(tick.c.slot)
    return len(db.session.execute(gone).all())


def age_s() -> float | None:
    """Seconds (real time) since any job last ran; `None` before the first."""
    last = select(func.extract("epoch", func.now() - func.max(tick.c.claimed_at)))
    age = db.session.execute(last).scalar_one()
    return None if age is None else float(age)
