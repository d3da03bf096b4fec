"""What is kept of family members who act for a person, and what can never be false of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.identity import NotYourPerson
from backend.kernel.context import Kinship, Scope
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle
from backend.proxies import rules


class State(StrEnum):
    """Where a mandate stands."""

    INVITED = "invited"
    ASKED = "asked"
    RECORDED = "recorded"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ENDED = "ended"


class Act(StrEnum):
    """What may be done with a mandate."""

    ACCEPT = "accept"
    CONFIRM = "confirm"
    WITNESS = "witness"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    REVOKE = "revoke"
    GIVE_UP = "give_up"
    END = "end"


class EndReason(StrEnum):
    """Why a mandate ended."""

    REVOKED = "revoked"
    GIVEN_UP = "given_up"
    EXPIRED = "expired"
    REPLACED = "replaced"
    CAME_OF_AGE = "came_of_age"
    CLOSED = "closed"


class Proof(StrEnum):
    """Which original was seen at the desk."""

    OWN_DOCUMENT = "own_document"
    BIRTH_CERTIFICATE = "birth_certificate"
    HOUSEHOLD_REGISTER = "household_register"
    GUARDIANSHIP_RULING = "guardianship_ruling"


LIFE = Lifecycle(
    {
        (State.INVITED, Act.ACCEPT): State.ACTIVE,
        (State.INVITED, Act.WITHDRAW): State.WITHDRAWN,
        (State.INVITED, Act.LAPSE): State.LAPSED,
        (State.ASKED, Act.CONFIRM): State.ACTIVE,
        (State.ASKED, Act.DECLINE): State.DECLINED,
        (State.ASKED, Act.LAPSE): State.LAPSED,
        (State.RECORDED, Act.WITNESS): State.ACTIVE,
        (State.RECORDED, Act.WITHDRAW): State.WITHDRAWN,
        (State.RECORDED, Act.LAPSE): State.LAPSED,
        (State.ACTIVE, Act.REVOKE): State.ENDED,
        (State.ACTIVE, Act.GIVE_UP): State.ENDED,
        (State.ACTIVE, Act.END): State.ENDED,
    }
)
WAITING = (State.INVITED, State.ASKED, State.RECORDED)
SAYING_NO = {
    State.INVITED: Act.WITHDRAW,
    State.ASKED: Act.DECLINE,
    State.RECORDED: Act.WITHDRAW,
    State.ACTIVE: Act.REVOKE,
}


class Mandate(Base):
    """代办授权: what a person lets a family member do, and who confirmed it how.

    Who asks for a person whom nobody knows leaves the same row, without a principal. Of a guardian
    `scopes` are those before the child has a say, which is from `narrows_on`; then `later_scopes`.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        CheckConstraint("principal_id <> proxy_id", "two_people"),
        CheckConstraint("scopes <> ''", "scopes"),
        CheckConstraint("starts_on <= ends_on", "term"),
        CheckConstraint("is_guardian = (later_scopes IS NOT NULL)", "guardian"),
        CheckConstraint("is_guardian = (narrows_on IS NOT NULL)", "narrows"),
        CheckConstraint("(state = 'invited') = (code_index IS NOT NULL)", "code"),
        CheckConstraint(
            "state NOT IN ('active', 'ended') OR (principal_id IS NOT NULL"
            " AND proxy_id IS NOT NULL AND confirmed_at IS NOT NULL)",
            "confirmed",
        ),
        CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", "ended"),
        CheckConstraint("(end_reason IS NULL) = (ended_at IS NULL)", "ended_has_time"),
        CheckConstraint("(recorded_by IS NULL) = (proof IS NULL)", "proof_seen"),
        CheckConstraint("recorded_by <> witnessed_by", "two_witnesses"),
        CheckConstraint(
            "recorded_by IS NULL OR state NOT IN ('active', 'ended') OR witnessed_by IS NOT NULL",
            "witnessed",
        ),
        CheckConstraint("NOT is_guardian OR recorded_by IS NOT NULL", "guardian_seen"),
        Index(
            "uq_mandate_live",
            "principal_id",
            "proxy_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
        Index(None, "code_index", unique=True),
        Index(None, "principal_id"),
        Index(None, "proxy_id"),
        Index(None, "ends_on", postgresql_where=text("state = 'active'")),
        Index(
            None,
            "narrows_on",
            postgresql_where=text("state = 'active' AND narrowing_told_at IS NULL"),
        ),
        Index(
            None,
            "expires_at",
            postgresql_where=text("state IN ('invited', 'asked', 'recorded')"),
        ),
        Index(None, "institution_id", postgresql_where=text("institution_id IS NOT NULL")),
    )
    principal_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    proxy_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))
    is_guardian: Mapped[bool]
    kinship: Mapped[Kinship]
    scopes: Mapped[str]
    later_scopes: Mapped[str | None]
    narrows_on: Mapped[date | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[State]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    code_index: Mapped[bytes | None]
    invited_name_sealed: Mapped[bytes | None]
    proof: Mapped[Proof | None]
    proof_number_sealed: Mapped[bytes | None]
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"))
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    witnessed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    narrowing_told_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    end_reason: Mapped[EndReason | None]

    invited_name = Sealed()
    proof_number = Sealed()

    @property
    def resident_id(self) -> UUID | None:
        """Whose record this is."""
        return self.principal_id

    @property
    def sides(self) -> tuple[UUID, UUID]:
        """The person and the family member; raises `NotYourPerson` while one is not known."""
        if self.principal_id is None or self.proxy_id is None:
            raise NotYourPerson
        return self.principal_id, self.proxy_id

    def scopes_on(self, day: date) -> frozenset[Scope]:
        """What the family member may do on that day."""
        has_a_say = self.narrows_on is not None and day >= self.narrows_on
        return rules.read((has_a_say and self.later_scopes) or self.scopes)
