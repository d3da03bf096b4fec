"""Who acts, for whom, and when: every service function is handed one."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from backend.kernel.calendar import shanghai_date
from backend.kernel.errors import IdentityNeeded
from backend.kernel.regions import Region


class Role(StrEnum):
    """What somebody is to this system."""

    ANYONE = "anyone"
    RESIDENT = "resident"
    DOCTOR = "doctor"
    NURSE = "nurse"
    SPECIALIST = "specialist"
    PHARMACIST = "pharmacist"
    MANAGER = "manager"
    CLOCK = "clock"


CLINICAL = frozenset({Role.DOCTOR, Role.NURSE, Role.SPECIALIST, Role.PHARMACIST})
STAFF = CLINICAL | {Role.MANAGER}
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a WeChat account of a resident, a member of staff, or the clock.

    `parties` are the ids that relations may name: the actor's own, those of the teams and
    institutions the actor belongs to today.
    """

    id: UUID
    role: Role
    parties: frozenset[UUID] = frozenset()
    institution: UUID | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One request or one batch: the actor, the business instant, the person acted for."""

    actor: Actor
    at: datetime
    region: Region
    resident: UUID | None = None
    request_id: str = ""
    today: date = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "today", shanghai_date(self.at))

    @property
    def person(self) -> UUID:
        """The verified resident acted for; raises `IdentityNeeded`."""
        if self.resident is None:
            raise IdentityNeeded
        return self.resident


CLOCK = Actor(NOBODY, Role.CLOCK)
ANYONE = Actor(NOBODY, Role.ANYONE)
