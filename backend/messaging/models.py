"""Messages on their way to one person each, and the subscription credits they spend."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Enum, ForeignKey, Index, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.kernel.database import Base
from backend.messaging.wording import MUTABLE, Channel, MessageKind, catalogue

# Kinds are data (config/messages.toml): a new one changes no constraint of a large table.
KINDS = Enum(
    MessageKind,
    native_enum=False,
    create_constraint=False,
    length=40,
    values_callable=lambda kind: [str(member) for member in kind],
)


class State(StrEnum):
    """Where a message stands on its channel. The last five are final."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    DIGESTED = "digested"


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
    REPLACED = "replaced"
    EXPIRED = "expired"
    DIGESTED = "digested"
    MUTED = "muted"
    OVER_BUDGET = "over_budget"
    KEPT_CREDIT = "kept_credit"
    QUARANTINED = "quarantined"
    RESTORED = "restored"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    NOT_DELIVERED = "not_delivered"
    NO_PHONE = "no_phone"
    DEAD_PHONE = "dead_phone"
    STOPPED = "stopped"
    PHONE_LIMIT = "phone_limit"
    NO_TEXT = "no_text"
    NO_PROXY = "no_proxy"
    NO_REPLY = "no_reply"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    MOVED_AWAY = "moved_away"


class Answer(StrEnum):
    """What somebody said to a message."""

    CONFIRMED = "confirmed"
    CANNOT_COME = "cannot_come"
    STOP = "stop"


class Message(Base):
    """One message to one person over one channel, at most once for each occasion of a subject.

    A further channel is a row of its own, whose `first_id` is the row that began. Business time:
    `due_at`, `wait_until` (where given, nothing is sent before), `expires_at`, `pushed_at` (the
    last try); real time: `next_at`, `lease_until`. What is `obsolete` was withdrawn while it was
    being sent, or later: it may arrive, and is never tried again. While it `climbs`, a further
    channel may follow. One account has one openid, so that no two messages of one account are ever
    sent at the same moment; of what goes by telephone, one of one resident.
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
            "channel",
            unique=True,
        ),
        Index(
            "uq_message_in_flight",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "uq_message_texting",
            "to_resident_id",
            unique=True,
            postgresql_where=text("state = 'sending' AND channel = 'sms'"),
        ),
        Index(
            "ix_message_ready",
            "channel",
            text("urgent DESC"),
            text("coalesce(wait_until, due_at)"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_message_collapse",
            "collapse_key",
            postgresql_where=text("collapse_key IS NOT NULL AND state IN ('queued', 'sending')"),
        ),
        Index("ix_message_msgid", "msgid", postgresql_where=text("msgid IS NOT NULL")),
        Index(
            "ix_message_unheard_of",
            "account_id",
            "template_id",
            postgresql_where=text("msgid IS NULL AND state IN ('sent', 'unknown')"),
        ),
        Index(
            "ix_message_climbing",
            "kind",
            "sent_at",
            postgresql_where=text("climbs AND state IN ('sent', 'unknown', 'failed', 'withdrawn')"),
        ),
        Index(
            "ix_message_pushed",
            "account_id",
            "pushed_at",
            postgresql_where=text(
                "state IN ('sending', 'sent', 'unknown') AND NOT urgent AND pushed_at IS NOT NULL"
            ),
        ),
        Index(
            "ix_message_digest_waiting",
            "to_resident_id",
            postgresql_where=text("kind = 'digest' AND state = 'queued'"),
        ),
        Index("ix_message_first_id", "first_id", postgresql_where=text("first_id IS NOT NULL")),
        Index("ix_message_arm_id", "arm_id", postgresql_where=text("arm_id IS NOT NULL")),
        Index("ix_message_digest_id", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", "answered_has_time"),
        CheckConstraint("state <> 'digested' OR digest_id IS NOT NULL", "digested_has_digest"),
        Index("ix_message_sent_at", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
        Index(
            "ix_message_trouble",
            "due_at",
            "id",
            postgresql_where=text("state IN ('failed', 'unknown')"),
        ),
        Index("ix_message_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(None, "to_resident_id", "due_at"),
        Index(None, "to_staff_id", "due_at"),
        Index(None, "subject_id"),
    )
    kind: Mapped[MessageKind] = mapped_column(KINDS)
    channel: Mapped[Channel] = mapped_column(server_default=Channel.WECHAT)
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
    wait_until: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    collapse_key: Mapped[str | None]
    first_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    digest_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    climbs: Mapped[bool] = mapped_column(server_default=false())
    state: Mapped[State] = mapped_column(server_default=State.QUEUED)
    reason: Mapped[Reason | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    sender: Mapped[str | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    pushed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    errcode: Mapped[int | None]
    rid: Mapped[str | None]
    msgid: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[datetime | None]
    answer: Mapped[Answer | None]
    answered_at: Mapped[datetime | None]

    rungs: Mapped[list["Message"]] = relationship(
        primaryjoin="Message.id == foreign(Message.first_id)",
        order_by="Message.id",
        viewonly=True,
    )
    digest: Mapped["Message | None"] = relationship(
        primaryjoin="foreign(Message.digest_id) == remote(Message.id)", viewonly=True
    )
    arm_id: Mapped[UUID | None]

    @property
    def ways(self) -> list["Message"]:
        """The rows of every channel, its own first; of a member of a digest those of the digest."""
        begun = self.digest or self
        return [begun, *begun.rungs]

    @property
    def title(self) -> str:
        """The card's title."""
        return catalogue().template_of(self.kind).title

    @property
    def answers(self) -> list[Answer]:
        """What may be said to it: buttons of the client."""
        wording = catalogue().kind[self.kind]
        both = [Answer.CONFIRMED, Answer.CANNOT_COME] if wording.answers else []
        return [*both, Answer.STOP] if wording.group in MUTABLE else both

    @property
    def lines(self) -> list[dict[str, str]]:
        """The card's lines as they were written; a field that the template lost has no label."""
        labels = catalogue().template_of(self.kind).fields
        ordered = [*labels, *sorted(self.content.keys() - labels.keys())]
        written = [key for key in ordered if key in self.content]
        return [{"label": labels.get(key, ""), "value": self.content[key]} for key in written]


class Step(StrEnum):
    """What happened to a message that its row does not tell."""

    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    REWRITTEN = "rewritten"
    DROPPED = "dropped"
    DIGESTED = "digested"
    TRIED = "tried"
    SETTLED = "settled"
    NEXT_CHANNEL = "next_channel"
    READ = "read"
    ANSWERED = "answered"
    REPLAYED = "replayed"
    CANCELLED = "cancelled"


class MessageStep(Base):
    """One line of a message's history, only ever added; what was sent at once has none.

    `at` is real time; `by_id` is the member of staff, the account or nobody.
    """

    __tablename__ = "message_step"
    __table_args__ = (Index(None, "message_id"),)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    step: Mapped[Step]
    reason: Mapped[Reason | None]
    errcode: Mapped[int | None]
    rid: Mapped[str | None]
    by_id: Mapped[UUID | None]


class Entry(StrEnum):
    """What bears upon the number of messages a person agreed to.

    The first four are what a client reports, the next three what WeChat's events say, then what
    became of a push; `brought_forward` is a number that was counted elsewhere.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BANNED = "banned"
    FILTERED = "filtered"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    SWITCHED_OFF = "switched_off"
    SENT = "sent"
    REFUSED = "refused"
    BROUGHT_FORWARD = "brought_forward"


class Credit(Base):
    """订阅次数: one entry of the append-only ledger of an account and a template.

    `source_id` is the report of a popup, the event, or the message: each counts once.
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
