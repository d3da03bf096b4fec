"""When a trial is over: people before knowledge, and chance seldom taken for it."""

import random
from datetime import date

import pytest

from backend.kernel.ids import new_id
from backend.messaging.arms import arm_of
from backend.trials.rules import Tally, Verdict, benefit, judge, looks_due

DAY, LAST_DAY = date(2026, 12, 1), date(2027, 3, 1)


def tally(came: int, missed: int, cancelled: int = 0) -> Tally:
    return Tally(came + missed + cancelled, 0, came, cancelled, missed)


@pytest.mark.parametrize(
    ("control", "arm", "looked", "verdict"),
    [
        (tally(30, 3), tally(30, 3), 0, None),
        (tally(200, 20), tally(200, 20), 0, None),
        (tally(200, 10), tally(170, 40), 0, Verdict.HARM),
        (tally(140, 60), tally(195, 5), 0, Verdict.BENEFIT),
        (tally(180, 35), tally(195, 20), 0, None),
        (tally(360, 70), tally(390, 40), 3, Verdict.BENEFIT),
        (tally(400, 40), tally(405, 40), 3, Verdict.NO_DIFFERENCE),
        (tally(400, 40), tally(405, 40), 4, None),
    ],
)
def test_a_look_ends_a_trial_or_does_not(
    control: Tally, arm: Tally, looked: int, verdict: Verdict | None
) -> None:
    assert judge({0: control, 1: arm}, looked, 800, DAY, LAST_DAY) is verdict


def test_what_was_looked_at_is_not_looked_at_again() -> None:
    harmed = {0: tally(200, 10), 1: tally(170, 40)}
    assert judge(harmed, 2, 800, DAY, LAST_DAY) is None


def test_the_last_day_ends_it_whatever_is_known() -> None:
    nothing = {0: Tally(), 1: Tally()}
    assert judge(nothing, 0, 800, LAST_DAY, LAST_DAY) is None
    assert judge(nothing, 0, 800, date(2027, 3, 2), LAST_DAY) is Verdict.OUT_OF_TIME


def test_the_worst_arm_ends_it_though_the_other_helps() -> None:
    found = {0: tally(140, 60), 1: tally(195, 5), 2: tally(90, 110)}
    assert judge(found, 0, 800, DAY, LAST_DAY) is Verdict.HARM


def test_a_seat_given_back_is_none_lost() -> None:
    assert benefit(tally(80, 20), tally(80, 0, cancelled=20)) > 4
    assert benefit(tally(10, 0), tally(10, 0)) == 0
    assert benefit(tally(0, 0), tally(10, 5)) == 0


@pytest.mark.parametrize(("known", "due"), [(0, 0), (199, 0), (200, 1), (799, 3), (5000, 4)])
def test_looks_are_fixed_beforehand(known: int, due: int) -> None:
    assert looks_due(known, 800) == due


def test_where_nothing_differs_a_benefit_is_seldom_found() -> None:
    """Of a thousand trials of two wordings that change nothing, about one in twenty at most."""
    chance = random.Random(5)
    found = sum(_plays(chance) is Verdict.BENEFIT for _ in range(1000))
    assert found <= 60


def _plays(chance: random.Random, people: int = 400, lost: float = 0.1) -> Verdict | None:
    missed, known = [0, 0, 0], [0, 0, 0]
    looked = 0
    for _ in range(people):
        arm = chance.randrange(3)
        known[arm] += 1
        missed[arm] += chance.random() < lost
        due = looks_due(sum(known), people)
        if due > looked:
            tallies = {n: tally(known[n] - missed[n], missed[n]) for n in range(3)}
            verdict = judge(tallies, looked, people, DAY, LAST_DAY)
            if verdict:
                return verdict
            looked = due
    return None


def test_people_fall_evenly_and_always_to_the_same_arm() -> None:
    trial, people = new_id(), [new_id() for _ in range(3000)]
    arms = [arm_of(person, trial, 3) for person in people]
    assert arms == [arm_of(person, trial, 3) for person in people]
    assert all(850 < arms.count(arm) < 1150 for arm in range(3))
