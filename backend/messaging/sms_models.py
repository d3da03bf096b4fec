"""What is kept of texts [短信]: to which phone each went, how phones stand, what came back."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.messaging.models import Answer


class SmsDispatch(Base):
    """One message's way to one phone, known by its blind index alone; `at` is business time.

    `serial_no` and `code` are the provider's; a receipt says whether it was delivered.
    """

    __tablename__ = "sms_dispatch"
    __table_args__ = (
        Index(None, "phone_index", "at"),
        Index(None, "serial_no", postgresql_where=text("serial_no IS NOT NULL")),
        CheckConstraint("num_nonnulls(delivered_at, lost_at) < 2", "one_end"),
    )
    message_id: Mapped[UUID] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), unique=True
    )
    phone_index: Mapped[bytes]
    at: Mapped[datetime]
    serial_no: Mapped[str | None]
    code: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]


class PhoneStanding(Base):
    """Whether texts reach a phone, and whether its holder wants any; business times.

    `failures` counts receipts in a row that say no; one that says yes begins anew.
    """

    __tablename__ = "phone_standing"
    phone_index: Mapped[bytes] = mapped_column(unique=True)
    failures: Mapped[int] = mapped_column(server_default="0")
    reached_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class Heard(StrEnum):
    """What a phone or its operator sends back."""

    RECEIPT = "receipt"
    REPLY = "reply"


class HeardState(StrEnum):
    """Where it stands; `unmatched`: for hours no text was found that it is about.

    `quarantined`: applying it fails, a person has to look.
    """

    STORED = "stored"
    APPLIED = "applied"
    UNMATCHED = "unmatched"
    QUARANTINED = "quarantined"


class SmsHeard(Base):
    """One receipt or reply, kept once by its `key`; words and number sealed or indexed.

    `happened_at` is as the provider says; `received_at` and `next_at` are real time. `looks`:
    how often its text was looked for.
    """

    __tablename__ = "sms_heard"
    __table_args__ = (
        CheckConstraint("(heard = 'receipt') = (succeeded IS NOT NULL)", "receipt_tells"),
        Index(None, "next_at", postgresql_where=text("state = 'stored'")),
        Index(None, "received_at"),
        Index(None, "message_id"),
        Index(None, "phone_index"),
    )
    key: Mapped[bytes] = mapped_column(unique=True)
    heard: Mapped[Heard]
    phone_index: Mapped[bytes]
    serial_no: Mapped[str | None]
    context_id: Mapped[UUID | None]
    succeeded: Mapped[bool | None]
    code: Mapped[str | None]
    words_sealed: Mapped[bytes | None]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[HeardState] = mapped_column(server_default=HeardState.STORED)
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    looks: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    answer: Mapped[Answer | None]

    words = Sealed()
