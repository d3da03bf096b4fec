"""A draw for scarce seats [摇号]: what is published, what is frozen, who takes part.

All but the entries is only ever appended to (`kernel/rights.py`): neither the commitment nor a
closed list nor a result can be changed by whoever has the app's connection.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Kinship
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base


class LotteryDraw(Base):
    """摇号公告: the SHA-256 of a seed, published before anybody can join; the seed is sealed."""

    __tablename__ = "lottery_draw"
    __table_args__ = (
        UniqueConstraint("session_id"),
        CheckConstraint(
            "made_at < opens_at AND opens_at < closes_at AND closes_at <= draws_at"
            " AND draws_at <= rest_at",
            "order",
        ),
    )
    session_id: Mapped[UUID] = mapped_column(ForeignKey("clinic_session.id"))
    commitment: Mapped[bytes]
    seed_sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    draws_at: Mapped[datetime]
    rest_at: Mapped[datetime]

    seed = Sealed()


class LotteryEntry(Base):
    """报名: a verified person takes part, once; `ticket` is what the public list calls them.

    `priority` (0 is first) and its reason are judged when joining and anew at the close.
    """

    __tablename__ = "lottery_entry"
    __table_args__ = (
        Index(
            "uq_lottery_entry_person",
            "draw_id",
            "resident_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        UniqueConstraint("ticket"),
        Index(None, "resident_id"),
    )
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("lottery_draw.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("clinic_session.id"))
    resident_id: Mapped[UUID]
    ticket: Mapped[UUID]
    priority: Mapped[int]
    reason: Mapped[str]
    wants_waiting: Mapped[bool]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    by_kinship: Mapped[Kinship | None]


class LotteryList(Base):
    """The list as it was when joining closed: how many, and the digest that was published."""

    __tablename__ = "lottery_list"
    __table_args__ = (UniqueConstraint("draw_id"),)
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("lottery_draw.id"))
    digest: Mapped[bytes]
    entries: Mapped[int]
    closed_at: Mapped[datetime]


class LotteryTicket(Base):
    """One line of the closed list; whose it is, the entry tells while it is kept."""

    __tablename__ = "lottery_ticket"
    __table_args__ = (UniqueConstraint("draw_id", "ticket"),)
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("lottery_draw.id"))
    ticket: Mapped[UUID]
    priority: Mapped[int]


class LotteryResult(Base):
    """Held, and the seed revealed; or void: the session is not held, or the list was changed."""

    __tablename__ = "lottery_result"
    __table_args__ = (
        UniqueConstraint("draw_id"),
        CheckConstraint("is_void = (seed IS NULL)", "seed"),
    )
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("lottery_draw.id"))
    is_void: Mapped[bool]
    seed: Mapped[bytes | None]
    drawn_at: Mapped[datetime]


class LotteryOutcome(StrEnum):
    """What a draw brought a ticket."""

    WON = "won"
    PASSED_OVER = "passed_over"
    NOT_DRAWN = "not_drawn"


class LotteryRank(Base):
    """A ticket's place in the draw and what came of it; `why` it was passed over is a code."""

    __tablename__ = "lottery_rank"
    __table_args__ = (
        UniqueConstraint("draw_id", "rank"),
        UniqueConstraint("ticket"),
        CheckConstraint("(outcome = 'passed_over') = (why IS NOT NULL)", "why"),
    )
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("lottery_draw.id"))
    ticket: Mapped[UUID]
    rank: Mapped[int]
    outcome: Mapped[LotteryOutcome]
    why: Mapped[str | None]


class DrawState(StrEnum):
    """Where a draw stands; most of it the clock tells."""

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"
    VOID = "void"
