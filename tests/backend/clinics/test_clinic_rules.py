from datetime import datetime, timedelta

import pytest

from backend.clinics.rules import ClinicPolicy, Window, may_cancel, releases_at, window
from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region

POLICY = Region.load("huzhou").section("clinics", ClinicPolicy)
STARTS = datetime(2026, 12, 8, 8, 30, tzinfo=SHANGHAI)


def test_the_last_day_of_the_horizon_opens_in_the_morning() -> None:
    assert releases_at(STARTS, POLICY) == datetime(2026, 11, 24, 7, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 24, 6, 59, 59, tzinfo=SHANGHAI), Window.NOT_RELEASED),
        (datetime(2026, 11, 24, 7, 0, tzinfo=SHANGHAI), Window.OPEN),
        (STARTS - timedelta(minutes=30, seconds=1), Window.OPEN),
        (STARTS - timedelta(minutes=30), Window.CLOSED),
        (STARTS + timedelta(days=1), Window.CLOSED),
    ],
)
def test_a_session_opens_and_closes(at: datetime, expected: Window) -> None:
    assert window(STARTS, at, POLICY) is expected


def test_a_seat_can_be_given_back_until_an_hour_before() -> None:
    assert may_cancel(STARTS, STARTS - timedelta(minutes=60), POLICY)
    assert not may_cancel(STARTS, STARTS - timedelta(minutes=59), POLICY)
