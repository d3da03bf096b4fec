"""The chain over the log of disclosures, and emergency access to a record [紧急调阅]."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.disclosures import disclosure
from backend.kernel.lifecycle import Lifecycle

seal = Table(
    "audit_seal",
    Base.metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("prev", LargeBinary, nullable=False, unique=True),
    Column("batch", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False, unique=True),
    Column("month", Date, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False, index=True),
    CheckConstraint("number > 0", "number"),
    CheckConstraint("entries > 0", "entries"),
)
entry = Table(
    "audit_entry",
    Base.metadata,
    Column("disclosure_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("seal_number", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "seal_number", "place"),
    postgresql_partition_by="RANGE (at)",
)
retired = Table(
    "audit_retired",
    Base.metadata,
    Column("month", Date, primary_key=True),
    Column("disclosures", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("retired_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


class Disclosure(Base):
    """One line of the log, as its readers find it; written by `kernel.disclosures` alone."""

    __table__ = disclosure

    actor_id: Mapped[UUID]
    actor_role: Mapped[str]
    session_id: Mapped[UUID | None]
    institution_id: Mapped[UUID | None]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    operation: Mapped[str]
    refusal: Mapped[str | None]
    resident_ids: Mapped[list[UUID]]
    reasons: Mapped[list[str]]


class Emergency(StrEnum):
    """What makes it an emergency."""

    UNCONSCIOUS = "unconscious"
    CRITICAL = "critical"
    DISASTER = "disaster"
    OTHER = "other"


class State(StrEnum):
    """Where the review of an emergency access stands."""

    AWAITING = "awaiting"
    ESCALATED = "escalated"
    REVIEWED = "reviewed"


class Act(StrEnum):
    """What happens to it."""

    REVIEW = "review"
    ESCALATE = "escalate"


class Verdict(StrEnum):
    """What the reviewer found."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


LIFE = Lifecycle(
    {
        (State.AWAITING, Act.REVIEW): State.REVIEWED,
        (State.AWAITING, Act.ESCALATE): State.ESCALATED,
        (State.ESCALATED, Act.REVIEW): State.REVIEWED,
    }
)


class EmergencyAccess(Base):
    """紧急调阅: a doctor reads a stranger's record for a few hours, and answers for it.

    `place_of_day` counts the doctor's of that day, so that no two take the same place.
    """

    __tablename__ = "emergency_access"
    __table_args__ = (
        UniqueConstraint("staff_id", "day", "place_of_day"),
        CheckConstraint("num_nonnulls(reason, reason_sealed) = 1", "reason"),
        CheckConstraint(
            "ends_at > begun_at AND ends_at <= begun_at + interval '4 hours'", "four_hours"
        ),
        CheckConstraint("review_by <= begun_at + interval '72 hours'", "within_72_hours"),
        CheckConstraint("reviewed_by <> staff_id", "by_another"),
        CheckConstraint(
            "(state = 'reviewed') = (num_nonnulls(reviewed_at, reviewed_by, verdict) = 3)",
            "reviewed_is_whole",
        ),
        CheckConstraint("(called_at IS NULL) = (called_by IS NULL)", "called_is_whole"),
        Index(None, "institution_id"),
        Index(None, "resident_id"),
        Index(None, "review_by", postgresql_where=text("state = 'awaiting'")),
    )
    resident_id: Mapped[UUID]
    staff_id: Mapped[UUID]
    institution_id: Mapped[UUID]
    kind: Mapped[Emergency]
    reason_plain: Mapped[str | None] = mapped_column("reason")
    reason_sealed: Mapped[bytes | None]
    day: Mapped[date]
    place_of_day: Mapped[int]
    begun_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    review_by: Mapped[datetime]
    state: Mapped[State] = mapped_column(default=State.AWAITING)
    to_call: Mapped[bool] = mapped_column(server_default=false(), default=False)
    called_at: Mapped[datetime | None]
    called_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    verdict: Mapped[Verdict | None]
    note_plain: Mapped[str | None] = mapped_column("note")
    note_sealed: Mapped[bytes | None]
    escalated_at: Mapped[datetime | None]

    reason = Sealed("reason_plain")
    note = Sealed("note_plain")

    @property
    def acts(self) -> list[Act]:
        """What may be done now; clients draw their buttons from this."""
        return [act for act in LIFE.acts(self.state) if act is Act.REVIEW]
