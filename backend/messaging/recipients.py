"""Whom a message is for, as features say it."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from backend.kernel.context import Role


@dataclass(frozen=True, slots=True)
class To:
    """Whom a message is for; made by `To.resident`, `To.account`, `To.staff` or `To.on_duty`."""

    resident_id: UUID | None = None
    staff_id: UUID | None = None
    account_id: UUID | None = None
    house_id: UUID | None = None
    roles: tuple[Role, ...] = ()

    @classmethod
    def resident(cls, resident_id: UUID) -> Self:
        """A resident."""
        return cls(resident_id)

    @classmethod
    def account(cls, resident_id: UUID, account_id: UUID) -> Self:
        """A resident, on one of several accounts, for as long as that stands for the resident."""
        return cls(resident_id, None, account_id)

    @classmethod
    def staff(cls, staff_id: UUID) -> Self:
        """A member of staff, or the deputy during an absence."""
        return cls(staff_id=staff_id)

    @classmethod
    def on_duty(cls, house_id: UUID, *roles: Role) -> Self:
        """Everybody who works at a house in the first of these roles that anybody has there."""
        return cls(house_id=house_id, roles=roles)
