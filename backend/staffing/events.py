"""What has happened to posts and access."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.kernel.context import Role
from backend.kernel.events import Event
from backend.kernel.relations import Belonging


@dataclass(frozen=True)
class StaffInvited(Event):
    """A post was offered to whoever has the code; to somebody who works here, the own one."""

    invitation_id: UUID
    institution_id: UUID
    role: Role
    for_staff_id: UUID | None = None


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """The offer was taken back before anybody accepted it."""

    invitation_id: UUID


@dataclass(frozen=True)
class StaffJoined(Event):
    """Somebody accepted an invitation, and their WeChat account was bound."""

    invitation_id: UUID
    staff_id: UUID
    role: Role


@dataclass(frozen=True)
class StaffRebound(Event):
    """Another WeChat account stands for somebody who works here; which one did before."""

    invitation_id: UUID
    staff_id: UUID
    account_id: UUID
    before: UUID | None


@dataclass(frozen=True)
class RoleChanged(Event):
    """Somebody was given another role."""

    staff_id: UUID
    before: Role
    after: Role


@dataclass(frozen=True)
class MembershipBegun(Event):
    """Somebody was made to belong to a team or an institution, from a date on."""

    staff_id: UUID
    membership_id: UUID
    party_id: UUID
    belonging: Belonging


@dataclass(frozen=True)
class MembershipEnded(Event):
    """An end was set to it."""

    staff_id: UUID
    membership_id: UUID
    party_id: UUID
    ends_at: datetime


@dataclass(frozen=True)
class StaffLeft(Event):
    """Somebody's work here ends, or ended, at that instant."""

    staff_id: UUID
    left_at: datetime


@dataclass(frozen=True)
class WorkHandedOver(Event):
    """What could be moved belongs to somebody else now."""

    staff_id: UUID
    successor_id: UUID
    moved: int


@dataclass(frozen=True)
class PasswordSet(Event):
    """Somebody set or changed the own password."""

    staff_id: UUID


@dataclass(frozen=True)
class SecondFactorEnrolled(Event):
    """Somebody proved to have taken over a new TOTP secret."""

    staff_id: UUID


@dataclass(frozen=True)
class CredentialReset(Event):
    """A manager took away password and second factor, so that both are set anew."""

    staff_id: UUID


@dataclass(frozen=True)
class AccessRefused(Event):
    """Somebody tried a wrong password or code; `staff_id` is empty where nobody has that name."""

    staff_id: UUID | None
    failures: int


@dataclass(frozen=True)
class SteppedUp(Event):
    """Somebody gave the second factor once more, for ten minutes."""

    staff_id: UUID
