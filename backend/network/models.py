"""What is kept of institutions; they are public, so everybody may read them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Level(StrEnum):
    """What kind of house it is."""

    HOSPITAL = "hospital"
    CENTRE = "centre"
    STATION = "station"


class Consortium(Base):
    """医联体/医共体: institutions that work as one."""

    __tablename__ = "consortium"
    name: Mapped[str] = mapped_column(unique=True)


class Institution(Base):
    """医疗机构: a hospital, community centre or station, and the one it is led by.

    `latitude` and `longitude` are degrees (GCJ-02, as WeChat's maps give them).
    """

    __tablename__ = "institution"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", "latitude"),
        CheckConstraint("longitude BETWEEN -180 AND 180", "longitude"),
        Index(None, "consortium_id"),
        Index(None, "upper_id"),
    )
    consortium_id: Mapped[UUID | None] = mapped_column(ForeignKey("consortium.id"))
    upper_id: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"))
    name: Mapped[str] = mapped_column(unique=True)
    level: Mapped[Level]
    address: Mapped[str]
    phone: Mapped[str | None]
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    is_example: Mapped[bool]


class CalendarDay(Base):
    """节假日安排: a day entered as worked or free; it goes before every table."""

    __tablename__ = "calendar_day"
    day: Mapped[date] = mapped_column(unique=True)
    works: Mapped[bool]
    name: Mapped[str]
    entered_by: Mapped[UUID]
    entered_at: Mapped[datetime]
