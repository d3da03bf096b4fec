import pytest

from backend.kernel.context import Role
from backend.teams.rules import Gap, gaps

D, N = Role.DOCTOR, Role.NURSE


@pytest.mark.parametrize(
    ("lead", "members", "lacking"),
    [
        (D, [D, N], []),
        (D, [D, N, Role.PHARMACIST, Role.SPECIALIST], []),
        (D, [D], [Gap.NURSE]),
        (N, [D, N], [Gap.LEADING_DOCTOR]),
        (N, [N], [Gap.DOCTOR, Gap.LEADING_DOCTOR]),
        (None, [], [Gap.DOCTOR, Gap.NURSE, Gap.LEADING_DOCTOR]),
    ],
)
def test_a_team_has_a_doctor_a_nurse_and_a_doctor_leads(
    lead: Role | None, members: list[Role], lacking: list[Gap]
) -> None:
    assert gaps(lead, members) == lacking
