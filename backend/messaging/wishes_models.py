"""What somebody wishes of our reminders; a person without a row has the region's ways."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Kinship
from backend.kernel.database import Base
from backend.messaging.wording import Group


class ReminderWish(Base):
    """One person's own wishes: quiet hours beside the region's, a lower budget, what is off."""

    __tablename__ = "reminder_wish"
    __table_args__ = (
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", "quiet_has_both_ends"),
        CheckConstraint("per_day >= 1", "per_day"),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"), unique=True)
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    per_day: Mapped[int | None]
    wants_digest: Mapped[bool] = mapped_column(server_default=true())
    muted: Mapped[list[Group]] = mapped_column(ARRAY(Text), server_default="{}")
    said_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]
