from datetime import date

import pytest

from backend.contracting.rules import CONTRACT, ends_on, renewal_starts_on


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


def test_a_renewal_follows_without_gap() -> None:
    first = ends_on(date(2026, 11, 23), 12)
    assert renewal_starts_on(first) == date(2027, 11, 23)


def test_terms_of_several_years_came_in_2022() -> None:
    assert CONTRACT.on(date(2022, 3, 2)).terms_months == (12,)
    assert CONTRACT.on(date(2022, 3, 3)).terms_months == (12, 24, 36)
    assert CONTRACT.on(date(2026, 11, 23)).capacity_per_doctor == 2000
