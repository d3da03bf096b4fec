"""Nobody leads: every jobs process ticks, and the database lets one of them have a slot.

A slot claimed and not done is another's after some minutes: it failed, or its process was killed.
A claim that is not of this slot's time (the clock was set back) counts for nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Table,
    Text,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from backend.kernel.database import Base, db

tick = Table(
    "tick",
    Base.metadata,
    Column("job", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("done_at", DateTime(timezone=True)),
)
PATIENCE_S = 300.0  # no sweep lasts so long: each leaves what is too much to the next
SKEW_S = 120.0  # between the clocks of two machines
# Nothing is written, nor locked, while the claim of another holds.
_CLAIM = text("""
INSERT INTO tick (job, slot) SELECT :job, :slot WHERE NOT EXISTS (
  SELECT FROM tick WHERE job = :job AND slot = :slot AND
    (done_at IS NOT NULL OR claimed_at > now() - make_interval(secs => :patience))
    AND claimed_at BETWEEN now() - make_interval(secs => :age) AND now() + interval '2 minutes')
ON CONFLICT (job, slot) DO UPDATE SET claimed_at = now(), done_at = NULL
WHERE NOT ((tick.done_at IS NOT NULL
    OR tick.claimed_at > now() - make_interval(secs => :patience))
  AND tick.claimed_at BETWEEN now() - make_interval(secs => :age) AND now() + interval '2 minutes')
RETURNING slot
""")


def slot_of(at: datetime, every: timedelta) -> int:
    """The number of the period that `at` falls into."""
    return int(at.timestamp() // every.total_seconds())


def claim(job: str, slot: int, every: timedelta) -> bool:
    """Whether this process is the one to run `job` for `slot`, which lasts `every`."""
    age = every.total_seconds() + SKEW_S
    values = {"job": job, "slot": slot, "patience": PATIENCE_S, "age": age}
    return db.session.execute(_CLAIM, values).first() is not None


def finish(job: str, slot: int) -> None:
    """The slot is worked."""
    mine = update(tick).where(tick.c.job == job, tick.c.slot == slot).values(done_at=func.now())
    db.session.execute(mine)


def some_at_work(since: ColumnElement[datetime], but: str) -> ColumnElement[bool]:
    """Whether some job but this one is at work, or failed after `since` and was not done again."""
    later = tick.alias()
    again = exists().where(later.c.job == tick.c.job, later.c.done_at > tick.c.claimed_at)
    at_work = tick.c.claimed_at > func.now() - timedelta(seconds=PATIENCE_S)
    failed = and_(tick.c.claimed_at > since, ~again)
    return exists().where(tick.c.done_at.is_(None), tick.c.job != but, or_(at_work, failed))


def forget_before(instant: datetime) -> int:
    """Drop the claims older than `instant` (real time); returns how many."""
    gone = tick.delete().where(tick.c.claimed_at < instant).returning(tick.c.slot)
    return len(db.session.execute(gone).all())


def age_s() -> float | None:
    """Seconds (real time) since any job last ran; `None` before the first."""
    last = select(func.extract("epoch", func.now() - func.max(tick.c.claimed_at)))
    age = db.session.execute(last).scalar_one()
    return None if age is None else float(age)
