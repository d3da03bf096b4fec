"""What is kept of teams; who belongs to one is a kernel membership, which relations may name."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
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
