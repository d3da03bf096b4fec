"""Who may appoint whom, and what the region asks of invitations, passwords and second factors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from backend.kernel.context import CLINICAL, MANAGING, STAFF, Role

# Separation of duties: who manages never appoints, nor decides about, who audits.
APPOINTS: Mapping[Role, frozenset[Role]] = {
    Role.MANAGER: CLINICAL,
    Role.CONSORTIUM_MANAGER: CLINICAL | MANAGING,
    Role.CLOCK: MANAGING | {Role.AUDITOR},
}
# Nobody may be asked for less: they see many people's records, or say who may.
ALWAYS_SECOND_FACTOR = frozenset(
    {Role.DOCTOR, Role.SPECIALIST, Role.MANAGER, Role.CONSORTIUM_MANAGER, Role.AUDITOR}
)
LONGEST_BACK_OFF = timedelta(minutes=15)
FORGIVEN_AFTER = timedelta(days=1)
SHORTEST_PASSWORD = 10


@dataclass(frozen=True)
class StaffPolicy:
    """How staff of a region come to their access [等保: 口令复杂度、定期更换、双因素].

    `rebinding_hours`: from a manager's invitation to bind another WeChat account until it is good;
    `password_kinds`: how many of capital, small letter, digit and sign a password must have;
    `password_days`: after how many it must be changed, 0 for never;
    `second_factor`: the roles beside those of which it is always asked on the web side.
    """

    invitation_days: int
    rebinding_hours: int
    password_length: int
    password_kinds: int
    password_days: int
    second_factor: frozenset[Role]

    def __post_init__(self) -> None:
        if self.password_length < SHORTEST_PASSWORD:
            raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
        spans = (self.invitation_days - 1, self.rebinding_hours, self.password_days)
        if not 1 <= self.password_kinds <= 4 or min(spans) < 0:
            raise ValueError("figures of [staffing] are out of range")
        if not self.second_factor <= STAFF:
            raise ValueError("only staff have a second factor")

    def asks_second_factor(self, role: Role) -> bool:
        """Whether this role needs TOTP on the web side."""
        return role in ALWAYS_SECOND_FACTOR or role in self.second_factor


def may_appoint(who: Role, whom: Role) -> bool:
    """Whether this role may give that one, its house being right."""
    return whom in APPOINTS.get(who, frozenset())


def may_become(before: Role, after: Role) -> bool:
    """Whether a role may be changed: an auditor audits, and does nothing else before or after."""
    return before is not after and Role.AUDITOR not in {before, after}


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1 s, 2 s, 4 s … 15 min, never for ever."""
    if failures < 1:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - 1, 20)), LONGEST_BACK_OFF)
