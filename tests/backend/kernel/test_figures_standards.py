from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import pytest

from backend.followups.rules import HYPERTENSION
from backend.kernel import figures, standards
from backend.kernel.figures import BadFigures
from backend.kernel.standards import Edition, Mark, NoEditionInForce


@dataclass(frozen=True)
class Limit:
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    share: float
    days: tuple[int, ...]
    hours: tuple[time, time]
    limit: Limit
    mark: Mark
    words: Mapping[str, str]
    only_here: int | None = None


GOOD: dict[str, Any] = {
    "share": 1,
    "days": [7, 3],
    "hours": ["21:00", "07:00"],
    "limit": {"low": 1, "high": 2},
    "mark": "V",
    "words": {"a": "b"},
}


def test_a_table_becomes_a_typed_value() -> None:
    sample = figures.shape(Sample, GOOD, "sample")
    assert sample.hours == (time(21), time(7))
    assert (sample.share, sample.days, sample.limit) == (1.0, (7, 3), Limit(1, 2))
    assert (sample.mark, sample.words["a"], sample.only_here) == (Mark.VERIFIED, "b", None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"surplus": 1}, r"unknown \['surplus'\]"),
        ({"share": "1"}, "sample.share: float is expected"),
        ({"share": True}, "sample.share"),
        ({"days": 7}, "sample.days: an array"),
        ({"days": [7, "3"]}, r"sample.days\[1\]: int is expected"),
        ({"days": [7, True]}, r"sample.days\[1\]"),
        ({"hours": ["21:00"]}, "2 values are expected"),
        ({"hours": ["25:00", "07:00"]}, r"sample.hours\[0\]"),
        ({"limit": {"low": 1}}, r"sample.limit: .*missing \['high'\]"),
        ({"limit": [1, 2]}, "sample.limit: a table"),
        ({"mark": "X"}, "sample.mark"),
        ({"words": {"a": 1}}, "sample.words.a"),
        ({"only_here": "1"}, "sample.only_here"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadFigures, match=said):
        figures.shape(Sample, GOOD | change, "sample")


@pytest.mark.parametrize("key", GOOD)
def test_no_key_may_be_missing(key: str) -> None:
    with pytest.raises(BadFigures, match=key):
        figures.shape(Sample, {k: v for k, v in GOOD.items() if k != key}, "sample")


@dataclass(frozen=True, kw_only=True)
class Rule(Edition):
    days: int


def an_edition(day: date = date(2020, 1, 1), days: int = 14, **change: Any) -> dict[str, Any]:
    told = {"rule_set": f"rule@{day}", "source": "示例", "effective_from": day}
    return {**told, "days": days, "status": {"days": "V"}, **change}


def test_the_edition_in_force_judges_the_day() -> None:
    rule = standards.parse(
        Rule, "rule", {"edition": [an_edition(), an_edition(date(2026, 7, 1), days=7)]}
    )
    assert rule.on(date(2020, 1, 1)).days == 14
    assert rule.on(date(2026, 6, 30)).days == 14
    assert rule.on(date(2026, 7, 1)).days == 7
    assert rule.named("rule@2020-01-01").days == 14
    with pytest.raises(NoEditionInForce):
        rule.on(date(2019, 12, 31))
    with pytest.raises(LookupError):
        rule.named("rule@1999-01-01")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"editions": []}, "only"),
        ({"edition": [an_edition(rule_set="other@2020-01-01")]}, "does not name"),
        ({"edition": [an_edition(), an_edition()]}, "not newer"),
        ({"edition": [an_edition(status={})]}, "days"),
        ({"edition": [an_edition(status={"days": "V", "weeks": "V"})]}, "weeks"),
        ({"edition": [an_edition(effective_from="2020-01-01")]}, "date is expected"),
    ],
)
def test_a_careless_file_is_refused(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(BadFigures, match=said):
        standards.parse(Rule, "rule", tables)


def test_hypertension_names_its_source() -> None:
    std = HYPERTENSION.on(date(2026, 11, 23))
    assert std.rule_set == "hypertension@2017-02-28"
    assert "国卫基层发〔2017〕13号" in std.source
    assert hash(std) == hash(HYPERTENSION.named(std.rule_set))
    with pytest.raises(NoEditionInForce):
        HYPERTENSION.on(date(2017, 2, 27))
