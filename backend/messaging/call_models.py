"""电话名单: whom a house has to call, because nothing else reached the person."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.kernel.database import Base
from backend.messaging.models import Message


class CallResult(StrEnum):
    """What came of a call; none of it counts against who called."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    MOVED = "moved"
    DIED = "died"


class CallItem(Base):
    """One message that is told by telephone; when, and until when, its message knows.

    The lower its `rank`, the sooner it is told. `taken_until` is real time: until then nobody else
    of the house calls. `outcome` is the last one, and is there once no further call is made.
    """

    __tablename__ = "call_item"
    __table_args__ = (
        CheckConstraint("(taken_by IS NULL) = (taken_until IS NULL)", "taken"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", "ended"),
        CheckConstraint("tries >= 0", "tries"),
        Index(
            None, "institution_id", "rank", "listed_at", postgresql_where=text("ended_at IS NULL")
        ),
    )
    message_id: Mapped[UUID] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), unique=True
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    listed_at: Mapped[datetime]
    rank: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    taken_by: Mapped[UUID | None]
    taken_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    outcome: Mapped[CallResult | None]

    message: Mapped[Message] = relationship(viewonly=True)

    @property
    def resident_id(self) -> UUID | None:
        """Whom it is for."""
        return self.message.to_resident_id
