"""Messages on their way to one person each, and the subscription credits they spend."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base
from backend.messaging.wording import MessageKind, catalogue


class State(StrEnum):
    """Where a message stands. The last four are final."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why a message waits, failed, or is in doubt."""

    NO_ACCOUNT = "no_account"
    NO_CREDIT = "no_credit"
    BAD_RECIPIENT = "bad_recipient"
    BAD_TEMPLATE = "bad_template"
    BAD_PAGE = "bad_page"
    BAD_CONTENT = "bad_content"
    BLOCKED_CONTENT = "blocked_content"
    BAD_TOKEN = "bad_token"  # noqa: S105  # nosec B105 — a reason, no secret
    BUSY = "busy"
    CONCURRENT = "concurrent"
    RATE = "rate"
    QUOTA = "quota"
    SUSPENDED = "suspended"
    NOT_REACHED = "not_reached"
    UNEXPECTED_CODE = "unexpected_code"
    DEFECT = "defect"
    NO_ANSWER = "no_answer"
    UNREADABLE = "unreadable"
    INTERRUPTED = "interrupted"
    LEASE_LOST = "lease_lost"
    OBSOLETE = "obsolete"
    UNWELCOME = "unwelcome"


class Message(Base):
    """One message to one person, at most once for each occasion of a subject.

    `due_at` is business time; `next_at` and `lease_until` are real time. What is `obsolete` was
    withdrawn while it was being sent: it may arrive, and is never tried again. One account has one
    openid, so that no two messages of one account are ever sent at the same moment.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("num_nonnulls(to_resident_id, to_staff_id) = 1", "one_recipient"),
        CheckConstraint(
            "(state = 'sending') = (lease_token IS NOT NULL)"
            " AND (state = 'sending') = (lease_until IS NOT NULL)",
            "leased_while_sending",
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent_has_time"),
        CheckConstraint(
            "state NOT IN ('failed', 'unknown', 'withdrawn') OR reason IS NOT NULL", "has_reason"
        ),
        Index(
            "uq_message_occasion",
            "kind",
            text("coalesce(to_resident_id, to_staff_id)"),
            "subject_id",
            "occasion",
            unique=True,
        ),
        Index(
            "uq_message_in_flight",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_message_due",
            text("urgent DESC"),
            "due_at",
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_message_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(None, "to_resident_id", "due_at"),
        Index(None, "to_staff_id", "due_at"),
        Index(None, "subject_id"),
    )
    kind: Mapped[MessageKind]
    to_resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    to_staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    to_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    subject_id: Mapped[UUID]
    occasion: Mapped[str]
    template_id: Mapped[str]
    content: Mapped[dict[str, str]] = mapped_column(JSONB)
    page: Mapped[str]
    urgent: Mapped[bool]
    obsolete: Mapped[bool] = mapped_column(server_default=false())
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    state: Mapped[State] = mapped_column(server_default=State.QUEUED)
    reason: Mapped[Reason | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    sender: Mapped[str | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    errcode: Mapped[int | None]
    rid: Mapped[str | None]
    msgid: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def title(self) -> str:
        """The card's title."""
        return catalogue().template_of(self.kind).title

    @property
    def lines(self) -> list[dict[str, str]]:
        """The card's lines as they were written; a field that the template lost has no label."""
        labels = catalogue().template_of(self.kind).fields
        ordered = [*labels, *sorted(self.content.keys() - labels.keys())]
        written = [key for key in ordered if key in self.content]
        return [{"label": labels.get(key, ""), "value": self.content[key]} for key in written]


class Entry(StrEnum):
    """What changed the number of messages a person agreed to."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BANNED = "banned"
    FILTERED = "filtered"
    SENT = "sent"
    REFUSED = "refused"


class Credit(Base):
    """订阅次数: one entry of the append-only ledger of an account and a template.

    `source_id` is the report of a popup, or the message: each counts once.
    """

    __tablename__ = "credit"
    __table_args__ = (
        Index("uq_credit_source", "account_id", "template_id", "source_id", "entry", unique=True),
    )
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    template_id: Mapped[str]
    change: Mapped[int]
    entry: Mapped[Entry]
    source_id: Mapped[UUID]
    at: Mapped[datetime]
