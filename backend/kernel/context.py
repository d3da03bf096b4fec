"""Who acts, for whom, and when: every service function is handed one."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from backend.kernel.calendar import shanghai_date
from backend.kernel.errors import ConsentNeeded, IdentityNeeded, NotForProxies, ScopeNeeded
from backend.kernel.regions import Region


class Role(StrEnum):
    """What somebody is to this system."""

    ANYONE = "anyone"
    RESIDENT = "resident"
    DOCTOR = "doctor"
    NURSE = "nurse"
    PUBLIC_HEALTH = "public_health"
    SPECIALIST = "specialist"
    PHARMACIST = "pharmacist"
    COORDINATOR = "coordinator"
    MANAGER = "manager"
    CONSORTIUM_MANAGER = "consortium_manager"
    AUDITOR = "auditor"
    CLOCK = "clock"


CLINICAL = frozenset(
    {
        Role.DOCTOR,
        Role.NURSE,
        Role.PUBLIC_HEALTH,
        Role.SPECIALIST,
        Role.PHARMACIST,
        Role.COORDINATOR,
    }
)
MANAGING = frozenset({Role.MANAGER, Role.CONSORTIUM_MANAGER})
STAFF = CLINICAL | MANAGING | {Role.AUDITOR}
NOBODY = UUID(int=0)


class Scope(StrEnum):
    """What a person may let a family member do [代办范围]."""

    BOOK = "book"
    RESULTS = "results"
    SIGN = "sign"
    REMINDERS = "reminders"


class Kinship(StrEnum):
    """What a family member is to the person [与本人关系]; shown with every act, as 儿子代办."""

    SON = "son"
    DAUGHTER = "daughter"
    SPOUSE = "spouse"
    FATHER = "father"
    MOTHER = "mother"
    GRANDCHILD = "grandchild"
    SIBLING = "sibling"
    GUARDIAN = "guardian"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Name it as families do."""
        return _KIN[self]


_KIN = {
    Kinship.SON: "儿子",
    Kinship.DAUGHTER: "女儿",
    Kinship.SPOUSE: "配偶",
    Kinship.FATHER: "父亲",
    Kinship.MOTHER: "母亲",
    Kinship.GRANDCHILD: "孙辈",
    Kinship.SIBLING: "兄弟姐妹",
    Kinship.GUARDIAN: "监护人",
    Kinship.OTHER: "其他家人",
}


def done_by(kinship: Kinship | None) -> str | None:
    """Say which family member did it, as 儿子代办; `None` where it was the person."""
    return None if kinship is None else f"{kinship.label}代办"


@dataclass(frozen=True, slots=True)
class Proxy:
    """The family member who acts for the person, as the person allowed it."""

    id: UUID
    kinship: Kinship
    scopes: frozenset[Scope]
    is_guardian: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a WeChat account of a resident, a member of staff, or the clock.

    `parties` are the ids that relations may name: the actor's own, those of the teams and
    institutions the actor belongs to today; `houses` are the institutions that the actor manages.
    """

    id: UUID
    role: Role
    parties: frozenset[UUID] = frozenset()
    institution: UUID | None = None
    houses: frozenset[UUID] = frozenset()
    session: UUID | None = None
    stepped_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One request or one batch: the actor, the business instant, the person acted for.

    `consent` is the version of the text on health data that the person agreed to and has not
    withdrawn.
    """

    actor: Actor
    at: datetime
    region: Region
    resident: UUID | None = None
    request_id: str = ""
    proxy: Proxy | None = None
    consent: str | None = None
    today: date = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "today", shanghai_date(self.at))

    @property
    def person(self) -> UUID:
        """The verified resident acted for; raises `IdentityNeeded`, `ConsentNeeded` (PIPL 29)."""
        if self.resident is None:
            raise IdentityNeeded
        if self.consent is None:
            raise ConsentNeeded
        return self.resident

    def person_for(self, scope: Scope) -> UUID:
        """As `person`; of a family member it asks this scope; raises `ScopeNeeded`."""
        if self.proxy is not None and scope not in self.proxy.scopes:
            raise ScopeNeeded(scope)
        return self.person

    @property
    def oneself(self) -> UUID:
        """The verified resident who acts for nobody else; raises `NotForProxies`."""
        if self.resident is None:
            raise IdentityNeeded
        if self.proxy is not None:
            raise NotForProxies
        return self.resident

    @property
    def oneself_or_ward(self) -> UUID:
        """As `oneself`; a guardian who may sign speaks for the child (PIPL 31)."""
        if self.proxy is None or not self.proxy.is_guardian or self.resident is None:
            return self.oneself
        if Scope.SIGN not in self.proxy.scopes:
            raise ScopeNeeded(Scope.SIGN)
        return self.resident

    @property
    def by_kinship(self) -> Kinship | None:
        """Which family member acts, `None` where it is the person."""
        return self.proxy.kinship if self.proxy else None


CLOCK = Actor(NOBODY, Role.CLOCK)
ANYONE = Actor(NOBODY, Role.ANYONE)
