"""What is kept of how staff come to their access; no code and no password in a form to read."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Role
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class InvitationState(StrEnum):
    """Where an invitation stands; that it has expired is told by the clock."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


class InvitationAct(StrEnum):
    """What can become of an invitation."""

    ACCEPT = "accept"
    REVOKE = "revoke"


LIFE = Lifecycle(
    {
        (InvitationState.PENDING, InvitationAct.ACCEPT): InvitationState.ACCEPTED,
        (InvitationState.PENDING, InvitationAct.REVOKE): InvitationState.REVOKED,
    }
)


class Invitation(Base):
    """邀请: a post at an institution, held open for whoever has the code; of it a digest is kept.

    `for_staff_id` is set where somebody who works here already binds another WeChat account.
    """

    __tablename__ = "staff_invitation"
    __table_args__ = (
        CheckConstraint("role NOT IN ('anyone', 'resident', 'clock')", "role_of_staff"),
        CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", "accepted_has_time"),
        CheckConstraint("(state = 'accepted') = (staff_id IS NOT NULL)", "accepted_has_staff"),
        CheckConstraint("(state = 'revoked') = (revoked_at IS NOT NULL)", "revoked_has_time"),
        CheckConstraint(
            "for_staff_id IS NULL OR staff_id IS NULL OR staff_id = for_staff_id", "for"
        ),
        Index(None, "institution_id"),
    )
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    name: Mapped[str]
    role: Mapped[Role]
    title: Mapped[str]
    specialty: Mapped[str | None]
    link_digest: Mapped[bytes] = mapped_column(unique=True)
    code_digest: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[InvitationState] = mapped_column(default=InvitationState.PENDING)
    for_staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Credential(Base):
    """网页登录: name, password hash and second factor of one member of staff.

    `totp_step` is the time step of the code that counted last: none counts twice. A new secret
    waits beside the old one until a code proves that it was taken over.
    """

    __tablename__ = "staff_credential"
    __table_args__ = (
        CheckConstraint("(totp_sealed IS NULL) = (totp_since IS NULL)", "totp_has_time"),
        CheckConstraint("login = lower(login)", "login_folded"),
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), unique=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    password_set_on: Mapped[date]
    totp_sealed: Mapped[bytes | None]
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int | None]
    new_totp_sealed: Mapped[bytes | None]

    totp = Sealed()
    new_totp = Sealed()

    @property
    def has_second_factor(self) -> bool:
        """Whether TOTP was enrolled and proved."""
        return self.totp_sealed is not None


class RecoveryCode(Base):
    """恢复码: stands in for the second factor, once."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index(None, "credential_id"),)
    credential_id: Mapped[UUID] = mapped_column(
        ForeignKey("staff_credential.id", ondelete="CASCADE")
    )
    digest: Mapped[bytes] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]


class Lockout(Base):
    """Failures in a row under one login name, of somebody or of nobody; times are real time."""

    __tablename__ = "lockout"
    __table_args__ = (Index(None, "failed_at"),)
    key: Mapped[bytes] = mapped_column(unique=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime]
