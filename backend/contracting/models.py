"""What is kept of contracts, and what can never be false of them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.contracting.rules import EndReason
from backend.kernel.context import Kinship
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class State(StrEnum):
    """Where a contract stands."""

    APPLIED = "applied"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Act(StrEnum):
    """What may be done with a contract."""

    ACCEPT = "accept"
    DECLINE = "decline"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    DISPUTE = "dispute"
    EXPIRE = "expire"


class Package(StrEnum):
    """What is signed for (FD-7)."""

    BASIC = "basic"


LIFE = Lifecycle(
    {
        (State.APPLIED, Act.ACCEPT): State.ACCEPTED,
        (State.APPLIED, Act.DECLINE): State.DECLINED,
        (State.APPLIED, Act.WITHDRAW): State.WITHDRAWN,
        (State.ACCEPTED, Act.CONFIRM): State.ACTIVE,
        (State.ACCEPTED, Act.WITHDRAW): State.WITHDRAWN,
        (State.ACTIVE, Act.TERMINATE): State.ENDED,
        (State.ACTIVE, Act.DISPUTE): State.ENDED,
        (State.ACTIVE, Act.EXPIRE): State.ENDED,
    }
)
LIVE = (State.APPLIED, State.ACCEPTED, State.ACTIVE)
OF_TEAM = frozenset({Act.ACCEPT, Act.DECLINE})
OF_RESIDENT = frozenset({Act.CONFIRM, Act.WITHDRAW, Act.TERMINATE, Act.DISPUTE})


class Agreement(Base):
    """What a resident read and confirmed, byte for byte: when, by which account. Never changed."""

    __tablename__ = "agreement"
    __table_args__ = (CheckConstraint("digest = sha256(content)", "digest"),)
    version: Mapped[str]
    content: Mapped[bytes]
    digest: Mapped[bytes]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    agreed_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]


class Contract(Base):
    """签约: one resident and one team, made by both; both hands are on the row.

    `doctor_id` is the family doctor, who accepted it. `starts_on` to `ends_on` are the first and
    last day of the term. `closed_by` is empty where it ended by itself.
    """

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("(state IN ('active', 'ended')) = (agreement_id IS NOT NULL)", "confirmed"),
        CheckConstraint("(agreement_id IS NULL) = (starts_on IS NULL)", "starts"),
        CheckConstraint("(starts_on IS NULL) = (ends_on IS NULL)", "ends"),
        CheckConstraint("starts_on <= ends_on", "term"),
        CheckConstraint("(state = 'declined') = (declined_because IS NOT NULL)", "declined"),
        CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", "ended"),
        CheckConstraint("(state IN ('withdrawn', 'ended')) = (closed_at IS NOT NULL)", "closed"),
        CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", "answered"),
        CheckConstraint(
            "state IN ('applied', 'withdrawn') OR answered_at IS NOT NULL", "two_sided"
        ),
        Index(
            "uq_contract_live",
            "resident_id",
            unique=True,
            postgresql_where=text("state IN ('applied', 'accepted', 'active')"),
        ),
        Index(None, "resident_id"),
        Index(None, "team_id", "state"),
        Index(None, "institution_id", "state"),
        Index(None, "doctor_id", postgresql_where=text("state = 'active'")),
        Index(None, "ends_on", postgresql_where=text("state = 'active'")),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    doctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    package: Mapped[Package]
    months: Mapped[int]
    state: Mapped[State] = mapped_column(default=State.APPLIED)
    applied_at: Mapped[datetime]
    applied_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    by_kinship: Mapped[Kinship | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    declined_because: Mapped[str | None]
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    ended_by_kinship: Mapped[Kinship | None]
    end_reason: Mapped[EndReason | None]

    agreement: Mapped[Agreement | None] = relationship()

    @property
    def resident_acts(self) -> list[Act]:
        """What the resident may do now; clients draw their buttons from this."""
        return [act for act in LIFE.acts(self.state) if act in OF_RESIDENT]

    @property
    def team_acts(self) -> list[Act]:
        """What a doctor of the team may do now."""
        return [act for act in LIFE.acts(self.state) if act in OF_TEAM]

    @property
    def confirmed_by_kinship(self) -> Kinship | None:
        """Which family member confirmed the text, `None` where it was the person."""
        return self.agreement.by_kinship if self.agreement else None

    @property
    def confirmed_at(self) -> datetime | None:
        """When the resident confirmed the text."""
        return self.agreement.agreed_at if self.agreement else None
