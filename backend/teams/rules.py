"""Who must be in a team (FD-5, 国卫基层发〔2018〕35号), and who may stand in for whom."""

from collections.abc import Collection
from enum import StrEnum

from backend.kernel.context import Role

# Whose work is of one kind; everybody else is stood in for by their own kind alone.
_ALIKE = (
    frozenset({Role.NURSE, Role.PUBLIC_HEALTH}),
    frozenset({Role.MANAGER, Role.CONSORTIUM_MANAGER}),
)


class Gap(StrEnum):
    """What a team still lacks."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    LEADING_DOCTOR = "leading_doctor"


def gaps(lead: Role | None, members: Collection[Role]) -> list[Gap]:
    """What is missing of: at least one doctor, one nurse, and a doctor as lead."""
    present = {
        Gap.DOCTOR: Role.DOCTOR in members,
        Gap.NURSE: Role.NURSE in members,
        Gap.LEADING_DOCTOR: lead is Role.DOCTOR,
    }
    return [gap for gap, there in present.items() if not there]


def may_stand_in(deputy: Role, absent: Role) -> bool:
    """Whether somebody of this role does the same kind of work."""
    return deputy is absent or any({deputy, absent} <= alike for alike in _ALIKE)
