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
    """One person's WeChat identity in this mini-program, and whom it stands for."""

    __tablename__ = "account"
    __table_args__ = (
        Index(None, "phone_index"),
        Index(None, "resident_id", unique=True, postgresql_where=text("resident_id IS NOT NULL")),
        Index(None, "staff_id", unique=True, postgresql_where=text("staff_id IS NOT NULL")),
    )
    openid: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    phone_given_at: Mapped[datetime | None]
    resident_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]

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


class Consent(Base):
    """单独同意: one account agreed to one text for one purpose, until it was withdrawn."""

    __tablename__ = "consent"
    __table_args__ = (
        Index(
            "uq_consent_live",
            "account_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[Purpose]
    version: Mapped[str]
    text_hash: Mapped[bytes]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


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

    id_number = Sealed()
    phone = Sealed()

    @property
    def resident_id(self) -> UUID:
        """Whose record this is."""
        return self.id


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
