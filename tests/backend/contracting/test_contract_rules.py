from datetime import date

import pytest

from backend.contracting.rules import (
    BY_RESIDENT,
    CONTRACT,
    PLATFORM_CODES,
    EndReason,
    ends_on,
    lapses_at,
)


@pytest.mark.parametrize(
    ("starts", "months", "ends"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 22)),
        (date(2026, 1, 1), 36, date(2028, 12, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2027, 3, 1), 12, date(2028, 2, 29)),
    ],
)
def test_a_term_ends_on_the_eve_of_its_anniversary(starts: date, months: int, ends: date) -> None:
    assert ends_on(starts, months) == ends


def test_terms_of_several_years_came_in_2022() -> None:
    assert CONTRACT.on(date(2022, 3, 2)).terms_months == (12,)
    assert CONTRACT.on(date(2022, 3, 3)).terms_months == (12, 24, 36)
    assert CONTRACT.on(date(2026, 11, 23)).capacity_per_doctor == 2000


def test_a_term_is_over_at_the_midnight_after_its_last_day_in_shanghai() -> None:
    assert lapses_at(date(2027, 11, 22)).isoformat() == "2027-11-23T00:00:00+08:00"


def test_every_early_end_has_a_code_of_the_regional_platform() -> None:
    assert set(EndReason) - set(PLATFORM_CODES) == {EndReason.EXPIRED}
    assert set(BY_RESIDENT) == {
        EndReason.MOVED,
        EndReason.OWN_WISH,
        EndReason.CHANGED_TEAM,
        EndReason.OTHER,
    }
