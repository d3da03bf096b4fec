"""Who must be in a family-doctor team (FD-5, 国卫基层发〔2018〕35号)."""

from collections.abc import Collection
from enum import StrEnum

from backend.kernel.context import Role


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
