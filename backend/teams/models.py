"""What is kept of teams; who belongs to one is a kernel membership, which relations may name."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base


class Team(Base):
    """家庭医生团队: doctors, nurses and others of one institution whom residents sign with."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("institution_id", "name"),)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    name: Mapped[str]
    introduction: Mapped[str]
    is_accepting: Mapped[bool] = mapped_column(default=True)


class Absence(Base):
    """请假: the days on which somebody is away, the last one included, and who answers meanwhile.

    The deputy belongs to the absent person's teams for that time (kernel memberships with this
    row as their source). `ended_at` is set where it was ended or called off early.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("first_on <= last_on", "days"),
        CheckConstraint("staff_id <> deputy_id", "somebody_else"),
        ExcludeConstraint(
            ("staff_id", "="),
            (func.daterange(text("first_on"), text("last_on"), text("'[]'")), "&&"),
            name="ex_absence_twice",
            where=text("ended_at IS NULL"),
        ),
        Index(None, "deputy_id"),
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
