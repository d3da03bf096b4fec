from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.regions import Region
from backend.prescriptions.order import Drug, DrugClass, Line, Order, Stop, Turn
from backend.prescriptions.rules import (
    LONG_PRESCRIPTION,
    in_whole_packs,
    judge,
    policy_of,
    run_out_notices,
    runs_out_on,
    turn_of,
    units_for,
    valid_until,
)

TODAY = date(2026, 11, 23)
STD = LONG_PRESCRIPTION.on(TODAY)
HUZHOU = policy_of(Region.load("huzhou"), STD)
BEIJING = policy_of(Region.load("beijing"), STD)

AMLODIPINE = Drug(
    code="EX001",
    name="苯磺酸氨氯地平片",
    drug_class=DrugClass.ORDINARY,
    atc="C08CA01",
    strength="5mg",
    unit="片",
    pack_size=28,
)


def a_line(days: int = 28, drug: Drug = AMLODIPINE, **more: Any) -> Line:
    told = {"dose": Decimal(1), "times_per_day": Decimal(1), "usage": "口服，每日一次，每次1片"}
    return Line(**{"drug": drug, **told, "quantity": max(days, 1), **more})


def several_lines(count: int) -> list[Line]:
    return [a_line(drug=replace(AMLODIPINE, code=f"EX{n:03d}")) for n in range(count)]


def an_order(days: int = 28, **more: Any) -> Order:
    prepared = {"condition_stable": True, "assessed": True, "educated": True, "confirmed": True}
    told = {"diagnoses": ["I10.x00"], "turn": Turn.FIRST, "prescriber_title": "intermediate"}
    return Order(**{"lines": [a_line(days)], "days": days, **told, **prepared, **more})


def codes(order: Order, policy: Any = HUZHOU) -> list[tuple[str, str]]:
    return [(refusal.clause, refusal.code) for refusal in judge(order, STD, policy)]


UNPREPARED = {"assessed": False, "educated": False, "confirmed": False}


@pytest.mark.parametrize("days", [1, 7, 28, 29, 56, 84])
def test_a_well_prepared_order_passes(days: int) -> None:
    assert codes(an_order(days)) == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (an_order(condition_stable=False), [("LP-1", "not_stable")]),
        (an_order(0), [("LP-3", "days_invalid"), ("LP-3", "quantity_above_days")]),
        (an_order(85), [("LP-3", "days_above_national")]),
        (an_order(28, turn=Turn.RENEWAL, **UNPREPARED), []),
        (
            an_order(29, turn=Turn.RENEWAL, **UNPREPARED),
            [
                ("LP-4", "assessment_missing"),
                ("LP-4", "education_missing"),
                ("LP-4", "confirmation_missing"),
            ],
        ),
        (an_order(56, confirmed=False), [("LP-4", "confirmation_missing")]),
        (an_order(prescriber_title="junior"), [("LP-8", "title_too_low")]),
        (an_order(prescriber_title="junior", turn=Turn.RENEWAL), []),
        (an_order(assessed=False), [("LP-9", "first_unassessed")]),
        (an_order(turn=Turn.RENEWAL, in_hand={"EX001": 14, "EX002": 50}), []),
        (an_order(turn=Turn.RENEWAL, in_hand={"EX001": 15}), [("LP-3", "renewal_too_early")]),
        (an_order(turn=Turn.FIRST, in_hand={"EX001": 15}), []),  # a new plan may begin at once
        (an_order(diagnoses=["J00.x00"]), [("LP-15", "disease_not_listed")]),
        (an_order(diagnoses=["J00.x00", "e11.900"]), []),
        (an_order(lines=[]), [("RX-1", "no_drug")]),
        (an_order(lines=several_lines(5)), []),
        (an_order(lines=several_lines(6)), [("RX-1", "too_many_drugs")]),
        (an_order(lines=[a_line()] * 2), [("RX-2", "drug_repeated")]),
        (an_order(lines=[a_line(usage="遵 医嘱")]), [("RX-2", "usage_vague")]),
        (an_order(lines=[a_line(usage="自用")]), [("RX-2", "usage_vague")]),
        (an_order(lines=[a_line(usage=" ")]), [("RX-2", "usage_vague")]),
        (an_order(lines=[a_line(quantity=27)]), [("RX-2", "quantity_short")]),
        (an_order(lines=[a_line(quantity=29)]), [("LP-3", "quantity_above_days")]),
        (an_order(20, lines=[a_line(quantity=28)]), []),  # an unopened pack
    ],
)
def test_each_refusal_names_its_clause(order: Order, expected: list[tuple[str, str]]) -> None:
    assert codes(order) == expected


@pytest.mark.parametrize("drug_class", DrugClass)
def test_controlled_drugs_are_never_given_for_long(drug_class: DrugClass) -> None:
    order = an_order(lines=[a_line(drug=replace(AMLODIPINE, drug_class=drug_class))])
    ordinary = drug_class is DrugClass.ORDINARY
    assert codes(order) == ([] if ordinary else [("LP-2", "drug_never_long")])
    assert all(drug_class.label in refusal.text for refusal in judge(order, STD, HUZHOU))


def test_antimicrobials_are_excepted_for_tuberculosis_only() -> None:
    isoniazid = a_line(drug=replace(AMLODIPINE, drug_class=DrugClass.ANTIMICROBIAL))
    assert codes(an_order(lines=[isoniazid], diagnoses=["I10", "A15.000"])) == []
    narcotic = a_line(drug=replace(AMLODIPINE, drug_class=DrugClass.NARCOTIC))
    assert codes(an_order(lines=[narcotic], diagnoses=["I10", "A15.000"]))


def test_the_region_may_be_stricter() -> None:
    assert codes(an_order(60), BEIJING) == []
    assert codes(an_order(61), BEIJING) == [("LP-15", "days_above_region")]
    assert "60天" in judge(an_order(61), STD, BEIJING)[0].text


def test_after_a_stop_the_next_one_counts_as_a_first() -> None:
    assert turn_of(False, frozenset(), STD) is Turn.FIRST
    assert turn_of(True, frozenset(), STD) is Turn.RENEWAL
    assert turn_of(True, frozenset({Stop.TARGET_NOT_MET}), STD) is Turn.FIRST


@pytest.mark.parametrize(
    ("dose", "times", "quantity", "days"),
    [("1", "1", 28, 28), ("0.5", "2", 28, 28), ("1.5", "3", 28, 6), ("2", "0.5", 28, 28)],
)
def test_days_of_supply_are_whole_days(dose: str, times: str, quantity: int, days: int) -> None:
    line = a_line(dose=Decimal(dose), times_per_day=Decimal(times), quantity=quantity)
    assert line.days_supply == days


def test_the_drug_that_runs_out_first_sets_the_day() -> None:
    out_on = runs_out_on(TODAY, [a_line(56), a_line(60)])
    assert out_on == date(2027, 1, 18)
    assert run_out_notices(out_on, HUZHOU) == [date(2027, 1, 11), date(2027, 1, 15)]


def test_packs_are_rounded_up() -> None:
    assert [in_whole_packs(units, AMLODIPINE) for units in (1, 28, 29, 56)] == [28, 28, 56, 56]


def test_a_prescription_is_valid_on_its_day_and_three_at_most() -> None:
    assert valid_until(TODAY, False, STD) == TODAY
    assert valid_until(TODAY, True, STD) == date(2026, 11, 25)


@pytest.mark.parametrize(
    "wrong", [{"dose": Decimal(0)}, {"times_per_day": Decimal(-1)}, {"quantity": 0}]
)
def test_a_line_without_a_dose_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="大于0"):
        a_line(**wrong)


@given(
    st.decimals(Decimal("0.25"), 6, places=2),
    st.integers(1, 4),
    st.integers(1, 84),
)
def test_the_units_for_some_days_last_for_those_days(dose: Decimal, times: int, days: int) -> None:
    line = a_line(dose=dose, times_per_day=Decimal(times))
    enough = units_for(line, days)
    assert replace(line, quantity=enough).days_supply >= days
    assert enough == 1 or replace(line, quantity=enough - 1).days_supply < days
    assert "quantity_short" not in [c for _, c in codes(an_order(days, lines=[line]))] or (
        line.quantity < enough
    )


@given(st.integers(1, 200), st.integers(1, 200))
def test_more_days_are_never_refused_less(days: int, more: int) -> None:
    short, long = (
        {code for _, code in codes(an_order(n, **UNPREPARED))} for n in (days, days + more)
    )
    assert {code.replace("_national", "_region") for code in short} <= {
        code.replace("_national", "_region") for code in long
    }
