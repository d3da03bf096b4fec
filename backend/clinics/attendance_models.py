"""What is kept of the day of a clinic: who is there, in which order, and paper cards."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.crypto import Sealed
from backend.kernel.database import Base


class CheckInWay(StrEnum):
    """How somebody said that they are there."""

    CODE = "code"
    CARD = "card"
    DESK = "desk"


class Turn(Base):
    """候诊: somebody with a seat is there; after which number, since when, and when called.

    `is_behind`: came late, or was not there when called. Whoever is called before their turn is
    so for a reason, `because`.
    """

    __tablename__ = "clinic_turn"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint("place > 0", "place"),
        CheckConstraint("because_sealed IS NULL OR called_at IS NOT NULL", "called"),
        Index(None, "session_id"),
        Index(None, "resident_id"),
    )
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"))
    session_id: Mapped[UUID]
    resident_id: Mapped[UUID]
    way: Mapped[CheckInWay]
    staff_id: Mapped[UUID | None]
    place: Mapped[int]
    is_behind: Mapped[bool]
    since: Mapped[datetime]
    called_at: Mapped[datetime | None]
    called_by: Mapped[UUID | None]
    because_sealed: Mapped[bytes | None]

    because = Sealed()


class PaperCard(Base):
    """纸质就诊卡: the code on it names a person at a desk; only its index is kept."""

    __tablename__ = "paper_card"
    __table_args__ = (
        UniqueConstraint("code_index"),
        Index(
            "uq_paper_card_in_force",
            "resident_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", "revoked"),
    )
    resident_id: Mapped[UUID]
    code_index: Mapped[bytes]
    institution_id: Mapped[UUID]
    handed_at: Mapped[datetime]
    handed_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
