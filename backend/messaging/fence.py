"""The send fence [发送闸]: where a database was restored nothing is sent until a person lifts it.

What stands queued in a restored database may have been sent in the time that was lost. The fence
is raised by `manage.py restore` with the data, and by the first sender that sees another database
than before (another cluster, timeline or copy) or one behind what its machine remembers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    Row,
    Table,
    Text,
    Uuid,
    func,
    select,
    true,
    update,
)

from backend.kernel.context import Context
from backend.kernel.database import Base, db
from backend.kernel.events import record
from backend.messaging.events import SendFenceRaised

log = structlog.get_logger(__name__)


class Because(StrEnum):
    """Why the fence is up."""

    RESTORED = "restored"
    MOVED = "moved"
    BEHIND = "behind"
    BY_HAND = "by_hand"


# One row. `identity` is the database that was last sent from; `beat` only grows, so that a machine
# that saw a higher one of the same `lineage` knows more than this database. `cut_at` is business
# time, the rest real time.
send_fence = Table(
    "send_fence",
    Base.metadata,
    Column("one", Boolean, primary_key=True, server_default=true()),
    Column("lineage", Uuid, nullable=False, server_default=func.gen_random_uuid()),
    Column("identity", Text),
    Column("beat", BigInteger, nullable=False, server_default="0"),
    Column(
        "because",
        Enum(
            Because,
            native_enum=False,
            length=40,
            name="because",
            create_constraint=True,
            values_callable=lambda kind: [str(member) for member in kind],
        ),
    ),
    Column("raised_at", DateTime(timezone=True)),
    Column("cut_at", DateTime(timezone=True)),
    Column("caught_up_at", DateTime(timezone=True)),
    CheckConstraint("one", "one"),
    CheckConstraint(
        "(raised_at IS NULL) = (because IS NULL) AND (raised_at IS NULL) = (cut_at IS NULL)"
        " AND (caught_up_at IS NULL OR raised_at IS NOT NULL)",
        "raised",
    ),
)
HERE = func.database_identity()
_LOOK = select(send_fence, HERE.label("here"))


@dataclass(frozen=True, slots=True)
class Sight:
    """What a machine remembers of a database: its lineage and the beat that it has seen there."""

    lineage: UUID
    beat: int


def is_up(ctx: Context) -> bool:
    """Whether nothing may be sent now; raises the fence where the database is another one."""
    row = db.session.execute(_LOOK).one()
    if row.identity is None:
        _change(row, identity=HERE)
    elif row.identity != row.here:
        return _raise(ctx, row, Because.MOVED)
    if row.raised_at is not None:
        _tell(row.lineage, row.because)
    return row.raised_at is not None


def compare(ctx: Context, seen: Mapping[UUID, int]) -> Sight:
    """What can be remembered of this database; raises the fence where `seen` is more than it has.

    What is read here is on the server's disk, so that a crash of it cannot take it back.
    """
    row = db.session.execute(_LOOK).one()
    if seen.get(row.lineage, 0) > row.beat:
        _raise(ctx, row, Because.BEHIND)
    return Sight(row.lineage, row.beat)


def beat() -> None:
    """Count on; not where another sender is just doing it."""
    free = select(send_fence.c.one).with_for_update(skip_locked=True)
    moved = update(send_fence).where(send_fence.c.one.in_(free)).values(beat=send_fence.c.beat + 1)
    db.session.execute(moved)


def raise_by_hand(ctx: Context) -> None:
    """An operator knows of lost time that no sender can see: a whole machine was set back."""
    _raise(ctx, db.session.execute(_LOOK).one(), Because.BY_HAND)


def _raise(ctx: Context, row: Row[Any], because: Because) -> bool:
    """A new lineage, by which the other machines' memories of before raise it no second time."""
    now = {"because": because, "raised_at": func.now(), "cut_at": ctx.at, "caught_up_at": None}
    lineage = uuid4()
    if _change(row, identity=HERE, lineage=lineage, **now):
        record(ctx, SendFenceRaised(str(because)))
        _tell(lineage, because)
    return True


def _change(row: Row[Any], **values: Any) -> bool:
    """Change what was seen; not where another sender has done so meanwhile."""
    same = send_fence.c.identity.is_not_distinct_from(row.identity)
    changed = update(send_fence).where(same, send_fence.c.lineage == row.lineage).values(**values)
    changed = changed.returning(send_fence.c.one)
    return db.session.execute(changed).first() is not None


@cache
def _tell(_lineage: UUID, because: Because) -> None:
    """Once a process; `manage.py messages fence` says what to do."""
    log.error("send fence is up: nothing is sent", because=str(because))


def stands() -> bool:
    """Whether it is up; for metrics."""
    return bool(db.session.execute(select(send_fence.c.raised_at.is_not(None))).scalar_one())
