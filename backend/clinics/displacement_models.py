"""What is kept of people who lost their seat, until each of them has answered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class DisplacementState(StrEnum):
    """What the person said; `CLOSED`: nobody is there any more to be asked."""

    OPEN = "awaited"
    ACCEPTED = "took_offer"
    CHOSEN = "took_other"
    DECLINED = "did_without"
    CLOSED = "not_asked"


class DisplacementAct(StrEnum):
    """What can be done: take what is offered, choose another seat, do without."""

    ACCEPT = "accept"
    CHOOSE = "choose"
    DECLINE = "decline"
    CLOSE = "close"


DISPLACEMENT_LIFE = Lifecycle(
    {
        (DisplacementState.OPEN, DisplacementAct.ACCEPT): DisplacementState.ACCEPTED,
        (DisplacementState.OPEN, DisplacementAct.CHOOSE): DisplacementState.CHOSEN,
        (DisplacementState.OPEN, DisplacementAct.DECLINE): DisplacementState.DECLINED,
        (DisplacementState.OPEN, DisplacementAct.CLOSE): DisplacementState.CLOSED,
    }
)


class Displacement(Base):
    """停诊改约: a person lost a seat, and the house asks until there is an answer.

    `booking_id` is what was lost, `offer_id` what is kept for the person meanwhile, if anything.
    `sought_at` is when something equivalent was last looked for, `desk_told_at` when the desk was
    told that the person waits, `called_at` when nobody answered the phone last.
    """

    __tablename__ = "displacement"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint("(state = 'awaited') = (answered_at IS NULL)", "answered"),
        CheckConstraint("calls_missed >= 0", "calls_missed"),
        Index(None, "institution_id", "opened_at", postgresql_where=text("state = 'awaited'")),
        Index(None, "session_id"),
        Index(None, "resident_id"),
        Index(None, "offer_id"),
        Index(None, "sought_at", postgresql_where=text("state = 'awaited' AND offer_id IS NULL")),
    )
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"))
    resident_id: Mapped[UUID]
    session_id: Mapped[UUID]
    institution_id: Mapped[UUID]
    opened_at: Mapped[datetime]
    state: Mapped[DisplacementState] = mapped_column(server_default=DisplacementState.OPEN)
    offer_id: Mapped[UUID | None]
    sought_at: Mapped[datetime | None]
    desk_told_at: Mapped[datetime | None]
    call_wanted_at: Mapped[datetime | None]
    calls_missed: Mapped[int] = mapped_column(server_default="0")
    called_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
