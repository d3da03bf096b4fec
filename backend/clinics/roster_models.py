"""What is kept around rosters: acts that made several, exceptions, promises, calendar feeds."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class BatchKind(StrEnum):
    """In which act several rosters were made."""

    IMPORT = "import"
    POSTING = "posting"


class RosterBatch(Base):
    """批次: rosters of one act, published and discarded together: a file, or a posting [驻点]."""

    __tablename__ = "roster_batch"
    kind: Mapped[BatchKind]
    title: Mapped[str]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]


class RosterException(Base):
    """例外: one day on which a roster is not held, held otherwise, or held beside its rule.

    What is not given is as the roster says; `expert_id` stands in for its expert.
    """

    __tablename__ = "roster_exception"
    __table_args__ = (
        UniqueConstraint("roster_id", "day"),
        CheckConstraint("(begins IS NULL) = (ends IS NULL) AND begins < ends", "hours"),
        CheckConstraint(
            "is_held OR (begins IS NULL AND room IS NULL AND expert_id IS NULL)", "held"
        ),
    )
    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    day: Mapped[date]
    is_held: Mapped[bool]
    begins: Mapped[time | None] = mapped_column(Time())
    ends: Mapped[time | None] = mapped_column(Time())
    room: Mapped[str | None]
    expert_id: Mapped[UUID | None]
    reason: Mapped[str]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]


class ClinicPromise(Base):
    """承诺: the timetable said that a roster's expert would be there on that day.

    Kept although no session was made of it: what is not held must not be forgotten.
    """

    __tablename__ = "clinic_promise"
    __table_args__ = (
        UniqueConstraint("roster_id", "day"),
        Index(None, "institution_id", "day"),
        Index(None, "expert_id", "day"),
    )
    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"))
    day: Mapped[date]
    expert_id: Mapped[UUID]
    institution_id: Mapped[UUID]


_LIVE = text("ended_at IS NULL")


class CalendarFeed(Base):
    """日历订阅: a secret address under which a calendar program reads an expert's or a site's days.

    Of the secret the hash alone is kept; who asks for a new address ends the one before.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("(expert_id IS NULL) <> (institution_id IS NULL)", "whose"),
        Index("uq_calendar_feed_expert", "expert_id", unique=True, postgresql_where=_LIVE),
        Index("uq_calendar_feed_house", "institution_id", unique=True, postgresql_where=_LIVE),
    )
    expert_id: Mapped[UUID | None]
    institution_id: Mapped[UUID | None]
    token_hash: Mapped[bytes]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
