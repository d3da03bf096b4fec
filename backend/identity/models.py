"""What is kept of people; ID numbers and phones only encrypted, found by a blind index."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    func,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.identity.rules import Sex
from backend.kernel.context import Role
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base


class Level(StrEnum):
    """How well we know who holds the phone."""

    VISITOR = "visitor"
    PHONE = "phone"
    VERIFIED = "verified"


class Account(Base):
    """One person's WeChat identity in this mini-program, and whom it stands for.

    `seen_at`: when the person was seen at a desk with it; empty where it was bound online.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index(None, "phone_index"),
        Index(None, "resident_id", postgresql_where=text("resident_id IS NOT NULL")),
        Index(None, "staff_id", unique=True, postgresql_where=text("staff_id IS NOT NULL")),
    )
    openid: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    phone_given_at: Mapped[datetime | None]
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    bound_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    freed_at: Mapped[datetime | None]

    phone = Sealed()

    @property
    def level(self) -> Level:
        """The clock and the tables tell it, so it is no column."""
        if self.resident_id is not None:
            return Level.VERIFIED
        return Level.PHONE if self.phone_sealed is not None else Level.VISITOR


class Purpose(StrEnum):
    """What a consent is for; each is asked for by itself (PIPL 29)."""

    HEALTH_DATA = "health_data"
    REMINDERS = "reminders"

    @property
    def label(self) -> str:
        """Name it for people."""
        return ("使用健康信息", "接收提醒")[list(Purpose).index(self)]


class Channel(StrEnum):
    """How somebody agreed: on the own phone, a child's guardian, or on paper at a desk."""

    OWN = "own"
    GUARDIAN = "guardian"
    DESK = "desk"


class Consent(Base):
    """单独同意: a person agreed to one text for one purpose, until it was withdrawn.

    Who agreed before the identity was verified is known by account only, until then.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("account_id IS NOT NULL OR resident_id IS NOT NULL", "whose"),
        Index(
            "uq_consent_account",
            "account_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND resident_id IS NULL"),
        ),
        Index(
            "uq_consent_resident",
            "resident_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND resident_id IS NOT NULL"),
        ),
        Index(None, "resident_id"),
    )
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    channel: Mapped[Channel] = mapped_column(server_default=Channel.OWN)
    purpose: Mapped[Purpose]
    version: Mapped[str]
    text_hash: Mapped[bytes]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ConsentRefusal(Base):
    """Somebody was asked and said no: they are left in peace for a while."""

    __tablename__ = "consent_refusal"
    __table_args__ = (Index(None, "account_id"),)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    version: Mapped[str]
    refused_at: Mapped[datetime]


class Resident(Base):
    """居民: a person whose identity was verified, once whatever the number of accounts."""

    __tablename__ = "resident"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", "latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", "longitude"),
    )
    name: Mapped[str]
    id_number_sealed: Mapped[bytes]
    id_number_index: Mapped[bytes] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes | None]
    birth_date: Mapped[date]
    sex: Mapped[Sex]
    community: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    verified_at: Mapped[datetime]
    died_on: Mapped[date | None]
    reminders_paused_until: Mapped[datetime | None]
    restricted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    id_number = Sealed()
    phone = Sealed()

    @property
    def resident_id(self) -> UUID:
        """Whose record this is."""
        return self.id

    @property
    def is_closed(self) -> bool:
        """Whether the person has died, or the record was closed."""
        return self.died_on is not None or self.restricted_at is not None


class ResidentDocument(Base):
    """证件: every document of every person; that one belongs to one person is true here alone.

    The main document has its row too (id = resident_id), made by the database with the person;
    its number is kept with the person.
    """

    __tablename__ = "resident_document"
    __table_args__ = (
        CheckConstraint("(id = resident_id) = (number_sealed IS NULL)", "main_is_with_person"),
        Index(None, "resident_id"),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id", ondelete="CASCADE"))
    number_index: Mapped[bytes] = mapped_column(unique=True)
    number_sealed: Mapped[bytes | None]
    added_at: Mapped[datetime]
    seen_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))

    number = Sealed()


class DeskCode(Base):
    """窗口办理码: names one account at a desk for some minutes of real time, once."""

    __tablename__ = "desk_code"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), unique=True)
    code_index: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]


class DeskMiss(Base):
    """A try at a desk that named nobody; `at` is real time."""

    __tablename__ = "desk_miss"
    __table_args__ = (Index(None, "staff_id", "at"),)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class DeskAct(StrEnum):
    """What counts at a desk only once a second member of staff confirms it."""

    LOST_PHONE = "lost_phone"
    BINDING = "binding"


class DeskRequest(Base):
    """窗口待见证: recorded by one member of staff, done once a colleague of the house confirms it.

    `phone` is the one on file until then.
    """

    __tablename__ = "desk_request"
    __table_args__ = (
        CheckConstraint("(act = 'binding') = (account_id IS NOT NULL)", "binding_names_account"),
        CheckConstraint("recorded_by <> witnessed_by", "two_witnesses"),
        CheckConstraint("(witnessed_by IS NULL) = (witnessed_at IS NULL)", "witnessed"),
        Index(None, "resident_id"),
        Index(None, "institution_id", postgresql_where=text("witnessed_at IS NULL")),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    act: Mapped[DeskAct]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    institution_id: Mapped[UUID]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    witnessed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    witnessed_at: Mapped[datetime | None]
    phone_sealed: Mapped[bytes | None]

    phone = Sealed()


class Staff(Base):
    """医务人员: a doctor, nurse, specialist, pharmacist or manager of an institution."""

    __tablename__ = "staff"
    __table_args__ = (Index(None, "institution_id"),)
    name: Mapped[str]
    role: Mapped[Role]
    title: Mapped[str]
    specialty: Mapped[str | None]
    institution_id: Mapped[UUID]
    left_at: Mapped[datetime | None]

    def works(self, at: datetime) -> bool:
        """Whether the person has not left by that instant; a leave may be planned."""
        return self.left_at is None or at < self.left_at

    @classmethod
    def working(cls, at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
        """The same thought as SQL."""
        return or_(cls.left_at.is_(None), cls.left_at > at)


class Door(StrEnum):
    """Where a session was begun."""

    WECHAT = "wechat"
    WEB = "web"


class Ending(StrEnum):
    """Why a session ended before its time."""

    LOGGED_OUT = "logged_out"
    ENDED_ELSEWHERE = "ended_elsewhere"
    REUSED = "reused"
    LEFT = "left"
    ROLE_CHANGED = "role_changed"
    CREDENTIALS_CHANGED = "credentials_changed"
    PHONE_LOST = "phone_lost"
    ERASED = "erased"
    DIED = "died"


class LoginSession(Base):
    """登录会话: one device of an account, or of a member of staff; its times are real time."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (staff_id IS NULL)", "whose"),
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", "ended_has_reason"),
        Index(None, "account_id"),
        Index(None, "staff_id"),
        Index(None, "expires_at"),
    )
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    door: Mapped[Door]
    device: Mapped[str | None]
    generation: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[datetime]
    refreshed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[Ending | None]
    stepped_up_at: Mapped[datetime | None]


class RefreshToken(Base):
    """One generation of a session's refresh token; only its hash is kept."""

    __tablename__ = "refresh_token"
    __table_args__ = (UniqueConstraint("session_id", "generation"),)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    generation: Mapped[int]
    hash: Mapped[bytes] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
