"""How long an offer stands: the quiet hours, working hours, the close of booking."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.clinics.rules import policy_of
from backend.clinics.waiting_models import Reach
from backend.clinics.waiting_rules import (
    WaitingPolicy,
    last_offer_at,
    offered_until,
    waiting_policy,
)
from backend.kernel.calendar import SHANGHAI
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region

REGION = Region.load("huzhou")
CLINIC, POLICY = policy_of(REGION), waiting_policy(REGION)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# The session begins at nine: booking closes at half past eight.
@pytest.mark.parametrize(
    ("starts", "heard", "reach", "until"),
    [
        ("2026-12-02 09:00", "2026-11-30 10:00", "app", "2026-11-30 12:00"),
        ("2026-12-02 09:00", "2026-12-01 08:30", "app", "2026-12-01 10:30"),
        ("2026-12-02 09:00", "2026-12-01 08:30:01", "app", "2026-12-01 09:00:01"),
        ("2026-12-02 09:00", "2026-12-02 08:15", "app", "2026-12-02 08:30"),
        ("2026-12-02 09:00", "2026-12-02 08:20", "app", "2026-12-02 08:30"),
        ("2026-12-02 09:00", "2026-12-02 08:20:01", "app", None),
        # Working hours are from eight to five, on workdays.
        ("2026-12-04 09:00", "2026-11-30 10:00", "phone", "2026-11-30 14:00"),
        ("2026-12-04 09:00", "2026-11-30 15:00", "phone", "2026-12-01 10:00"),
        ("2026-12-04 09:00", "2026-11-30 06:00", "phone", "2026-11-30 12:00"),
        ("2026-12-04 09:00", "2026-11-30 17:00", "phone", "2026-12-01 12:00"),
        ("2026-12-10 09:00", "2026-12-04 16:00", "phone", "2026-12-07 11:00"),
        # Over New Year's Day, which is a holiday.
        ("2027-01-08 09:00", "2026-12-31 16:00", "phone", "2027-01-04 11:00"),
        # Near the session; and where the desk opens too late to ask.
        ("2026-12-02 09:00", "2026-12-01 18:00", "phone", "2026-12-02 08:30"),
        ("2026-12-05 09:00", "2026-12-04 17:00", "phone", None),
    ],
)
def test_until_when_an_offer_stands(starts: str, heard: str, reach: str, until: str | None) -> None:
    found = offered_until(at(starts), at(heard), Reach(reach), CLINIC, POLICY)
    assert found == (at(until) if until else None)


def test_the_last_instant_at_which_a_seat_is_offered() -> None:
    starts = at("2028-02-29 09:00")
    last = last_offer_at(starts, CLINIC, POLICY)
    assert last == at("2028-02-29 08:20")
    assert offered_until(starts, last, Reach.APP, CLINIC, POLICY) == at("2028-02-29 08:30")
    later = last + timedelta(microseconds=1)
    assert offered_until(starts, later, Reach.APP, CLINIC, POLICY) is None


def test_the_desk_calls_on_days_that_the_region_works() -> None:
    told = at("2026-12-10 09:00"), at("2026-12-04 16:00"), Reach.PHONE, CLINIC, POLICY
    make_up = at("2026-12-05 00:00").date()
    found = offered_until(*told, works=lambda day: day == make_up or day.isoweekday() < 6)
    assert found == at("2026-12-05 11:00")


@pytest.mark.parametrize(
    "wrong",
    [{"most_lapsed": 0}, {"first_seconds": 61}, {"try_again_seconds": 60}, {"app_minutes": -1}],
)
def test_figures_that_would_break_the_promise_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadFigures):
        replace(POLICY, **wrong)  # type: ignore[arg-type]


def test_every_region_has_its_figures() -> None:
    for name in ("beijing", "dongyang", "huzhou", "jiangmen"):
        assert isinstance(waiting_policy(Region.load(name)), WaitingPolicy)
