"""Exports, corrections, deaths and deletions: what a person asked for, and what became of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle
from backend.kernel.retention import Category


class ExportState(StrEnum):
    """Where a copy of everything about a person stands."""

    ASKED = "asked"
    READY = "ready"
    EXPIRED = "expired"


class ExportAct(StrEnum):
    """What happens to a copy."""

    MAKE = "make"
    EXPIRE = "expire"


EXPORT_LIFE = Lifecycle(
    {
        (ExportState.ASKED, ExportAct.MAKE): ExportState.READY,
        (ExportState.READY, ExportAct.EXPIRE): ExportState.EXPIRED,
    }
)


class DataExport(Base):
    """个人信息副本: everything about a person as JSON and as a document, for some days."""

    __tablename__ = "data_export"
    __table_args__ = (
        CheckConstraint(
            "(state = 'ready') = (content_sealed IS NOT NULL)"
            " AND (state = 'ready') = (document_sealed IS NOT NULL)",
            "ready_has_content",
        ),
        CheckConstraint("state = 'asked' OR num_nulls(ready_at, expires_at) = 0", "ready_has_time"),
        Index(None, "resident_id"),
        Index("ix_data_export_asked", "asked_at", postgresql_where=text("state = 'asked'")),
        Index("ix_data_export_ready", "expires_at", postgresql_where=text("state = 'ready'")),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    is_for_guardian: Mapped[bool] = mapped_column(server_default=false(), default=False)
    state: Mapped[ExportState] = mapped_column(default=ExportState.ASKED)
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    content_sealed: Mapped[bytes | None]
    document_sealed: Mapped[bytes | None]

    content = Sealed()
    document = Sealed()


class Subject(StrEnum):
    """What a person wants corrected."""

    NAME = "name"
    PHONE = "phone"
    COMMUNITY = "community"
    READING = "reading"

    @property
    def label(self) -> str:
        """Name it for people."""
        return ("姓名", "手机号", "所在社区", "一次测量记录")[list(Subject).index(self)]


class CorrectionState(StrEnum):
    """Where a wish to correct something stands."""

    ASKED = "asked"
    CORRECTED = "corrected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CorrectionAct(StrEnum):
    """What may be done with it."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


CORRECTION_LIFE = Lifecycle(
    {
        (CorrectionState.ASKED, CorrectionAct.ACCEPT): CorrectionState.CORRECTED,
        (CorrectionState.ASKED, CorrectionAct.REFUSE): CorrectionState.REFUSED,
        (CorrectionState.ASKED, CorrectionAct.WITHDRAW): CorrectionState.WITHDRAWN,
    }
)


class Correction(Base):
    """更正申请: what is wrong by the person's word, what was there before, what staff answered."""

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint("(subject = 'reading') = (subject_id IS NOT NULL)", "reading_is_named"),
        CheckConstraint(
            "(state IN ('corrected', 'refused')) = (decided_by IS NOT NULL)", "decided"
        ),
        CheckConstraint("state <> 'refused' OR answer_sealed IS NOT NULL", "refusal_has_answer"),
        Index(
            "uq_correction_asked",
            "resident_id",
            "subject",
            text("coalesce(subject_id, resident_id)"),
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
        Index(None, "resident_id"),
        Index(None, "institution_id", "state"),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    subject: Mapped[Subject]
    subject_id: Mapped[UUID | None]
    wanted_sealed: Mapped[bytes]
    before_sealed: Mapped[bytes | None]
    because_sealed: Mapped[bytes]
    state: Mapped[CorrectionState] = mapped_column(default=CorrectionState.ASKED)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    answer_sealed: Mapped[bytes | None]

    wanted = Sealed()
    before = Sealed()
    because = Sealed()
    answer = Sealed()

    @property
    def resident_acts(self) -> list[CorrectionAct]:
        """What the person may do now."""
        return [act for act in CORRECTION_LIFE.acts(self.state) if act is CorrectionAct.WITHDRAW]


class DeathSource(StrEnum):
    """Where the news comes from."""

    STAFF = "staff"
    FOLLOW_UP = "follow_up"


class DeathState(StrEnum):
    """Whether the news waits for a second hand, took effect, or does not stand."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"
    UNDONE = "undone"


class DeathAct(StrEnum):
    """What may be done with it."""

    CONFIRM = "confirm"
    LAPSE = "lapse"
    UNDO = "undo"


DEATH_LIFE = Lifecycle(
    {
        (DeathState.REPORTED, DeathAct.CONFIRM): DeathState.CONFIRMED,
        (DeathState.REPORTED, DeathAct.LAPSE): DeathState.LAPSED,
        (DeathState.REPORTED, DeathAct.UNDO): DeathState.UNDONE,
        (DeathState.CONFIRMED, DeathAct.UNDO): DeathState.UNDONE,
    }
)
STANDING = (DeathState.REPORTED, DeathState.CONFIRMED)


class DeathReport(Base):
    """死亡登记: it takes effect when a second member of staff confirms it until `confirm_by`.

    A mistake can be undone, and stays on record; the person's own objection as well.
    """

    __tablename__ = "death_report"
    __table_args__ = (
        CheckConstraint(
            "(state = 'undone') = (num_nulls(undone_at, undone_by, because_sealed) = 0)", "undone"
        ),
        CheckConstraint("state <> 'confirmed' OR confirmed_at IS NOT NULL", "confirmed"),
        CheckConstraint("confirmed_by <> reported_by", "second_hand"),
        Index(None, "resident_id"),
        Index(None, "institution_id", "state"),
        Index(
            "uq_death_report_standing",
            "resident_id",
            unique=True,
            postgresql_where=text("state IN ('reported', 'confirmed')"),
        ),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    institution_id: Mapped[UUID | None]
    died_on: Mapped[date]
    source: Mapped[DeathSource]
    state: Mapped[DeathState] = mapped_column(default=DeathState.REPORTED)
    proof_sealed: Mapped[bytes | None]
    reported_at: Mapped[datetime]
    reported_by: Mapped[UUID]
    confirm_by: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None]
    objected_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None]
    because_sealed: Mapped[bytes | None]

    proof = Sealed()
    because = Sealed()


class DeletionState(StrEnum):
    """Where a wish to be forgotten stands."""

    ASKED = "asked"
    CANCELLED = "cancelled"
    RESTRICTED = "restricted"
    ERASED = "erased"


class DeletionAct(StrEnum):
    """What happens to it."""

    CANCEL = "cancel"
    RESTRICT = "restrict"
    ERASE = "erase"


DELETION_LIFE = Lifecycle(
    {
        (DeletionState.ASKED, DeletionAct.CANCEL): DeletionState.CANCELLED,
        (DeletionState.ASKED, DeletionAct.RESTRICT): DeletionState.RESTRICTED,
        (DeletionState.ASKED, DeletionAct.ERASE): DeletionState.ERASED,
        (DeletionState.RESTRICTED, DeletionAct.ERASE): DeletionState.ERASED,
    }
)


class DeletionRequest(Base):
    """注销申请: carried out after the cool-off; what a law keeps is kept sealed, and only that.

    `identity` is what the kept records are of no use without; it ends with the last of them.
    """

    __tablename__ = "deletion_request"
    __table_args__ = (
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", "ended"),
        CheckConstraint(
            "(state = 'restricted') = (look_again_on IS NOT NULL)", "restricted_is_looked_at"
        ),
        CheckConstraint(
            "(state = 'restricted') = (identity_sealed IS NOT NULL)", "identity_of_restricted"
        ),
        Index(
            "uq_deletion_request_live",
            "resident_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
        Index(None, "resident_id"),
        Index("ix_deletion_request_due", "due_at", postgresql_where=text("state = 'asked'")),
        Index(
            "ix_deletion_request_again",
            "look_again_on",
            postgresql_where=text("state = 'restricted'"),
        ),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    state: Mapped[DeletionState] = mapped_column(default=DeletionState.ASKED)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    look_again_on: Mapped[date | None]
    identity_sealed: Mapped[bytes | None]

    identity = Sealed()


class KeptRecord(Base):
    """依法保留: so many rows of a category outlive a deletion, until a day."""

    __tablename__ = "kept_record"
    __table_args__ = (
        UniqueConstraint("resident_id", "category"),
        CheckConstraint("rows > 0", "rows"),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    category: Mapped[Category]
    rows: Mapped[int]
    kept_until: Mapped[date]
