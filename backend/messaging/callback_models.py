"""What WeChat told us, kept before it is applied."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Told(StrEnum):
    """What WeChat says of one person and one template."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SWITCHED_OFF = "switched_off"
    DELIVERED = "delivered"
    FAILED = "failed"


class EventState(StrEnum):
    """Where an event of WeChat's stands.

    `unmatched`: for a day nobody and nothing was found that it is about; `ignored`: it does not
    concern us; `quarantined`: applying it fails, a person has to look.
    """

    STORED = "stored"
    APPLIED = "applied"
    IGNORED = "ignored"
    UNMATCHED = "unmatched"
    QUARANTINED = "quarantined"


class WeChatEvent(Base):
    """One item of a callback, kept once by its `key`; the openid only until its account is found.

    `happened_at` is business time; `received_at` and `next_at` are real time.
    """

    __tablename__ = "wechat_event"
    __table_args__ = (
        CheckConstraint(
            "openid IS NULL OR state IN ('stored', 'quarantined')", "openid_while_sought"
        ),
        CheckConstraint(
            "state = 'ignored' OR (told IS NOT NULL AND template_id IS NOT NULL)",
            "told_unless_ignored",
        ),
        Index(None, "next_at", postgresql_where=text("state = 'stored'")),
        Index(None, "received_at"),
        Index(None, "account_id"),
    )
    key: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    openid: Mapped[str | None] = mapped_column(Text(collation="C"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    told: Mapped[Told | None]
    template_id: Mapped[str | None]
    msgid: Mapped[int | None] = mapped_column(BigInteger)
    errcode: Mapped[int | None]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[EventState]
    failures: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None]
