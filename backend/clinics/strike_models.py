"""What a seat that nobody sat on costs, and how that is put right."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class StrikeKind(StrEnum):
    """What happened."""

    NO_SHOW = "no_show"
    LATE_CANCEL = "late_cancel"


class StrikeState(StrEnum):
    """Whether it counts: only what was lifted does not."""

    STANDING = "standing"
    APPEALED = "appealed"
    LIFTED = "lifted"
    UPHELD = "upheld"


class StrikeAct(StrEnum):
    """What can be done about it: by the person, then by the house."""

    APPEAL = "appeal"
    LIFT = "lift"
    UPHOLD = "uphold"


STRIKE_LIFE = Lifecycle(
    {
        (StrikeState.STANDING, StrikeAct.APPEAL): StrikeState.APPEALED,
        (StrikeState.STANDING, StrikeAct.LIFT): StrikeState.LIFTED,
        (StrikeState.APPEALED, StrikeAct.LIFT): StrikeState.LIFTED,
        (StrikeState.APPEALED, StrikeAct.UPHOLD): StrikeState.UPHELD,
    }
)


class Strike(Base):
    """爽约记录: a verified person did not come, or cancelled too late for others.

    Enough of them within the region's window rest online booking for a while; never the desk, a
    follow-up or a referral. `because` is the person's word, `answer` the house's.
    """

    __tablename__ = "booking_strike"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint("(state IN ('lifted', 'upheld')) = (decided_at IS NOT NULL)", "decided"),
        Index(None, "resident_id", postgresql_where=text("state <> 'lifted'")),
    )
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"))
    resident_id: Mapped[UUID]
    kind: Mapped[StrikeKind]
    at: Mapped[datetime]
    state: Mapped[StrikeState] = mapped_column(server_default=StrikeState.STANDING)
    appealed_at: Mapped[datetime | None]
    because_sealed: Mapped[bytes | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    answer_sealed: Mapped[bytes | None]

    because = Sealed()
    answer = Sealed()
