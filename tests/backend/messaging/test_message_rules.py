from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region
from backend.messaging.rules import (
    DoesNotFit,
    Kind,
    MessagingPolicy,
    after_quiet,
    as_date,
    as_time,
    fit,
    kind_of,
    length,
)


@pytest.mark.parametrize(
    ("kind", "value", "fitted"),
    [
        ("thing", "您有一条随访提醒", "您有一条随访提醒"),
        ("thing", "字" * 20, "字" * 20),
        ("thing", "字" * 21, "字" * 19 + "…"),
        ("thing", "𠮷" * 10, "𠮷" * 10),
        ("thing", "𠮷" * 11, "𠮷" * 9 + "…"),
        ("thing", " 第一行\n第二行\t\x07 ", "第一行 第二行"),
        ("number", "-12.5", "-12.5"),
        ("number", "1" * 32, "1" * 32),
        ("letter", "Abc", "Abc"),
        ("symbol", "★★★", "★★★"),
        ("character_string", "NO-2026 1123", "NO-2026 1123"),
        ("time", "15:01", "15:01"),
        ("time", "2019年10月1日 15:01", "2019年10月1日 15:01"),
        ("time", "2026年11月23日 09:00~11:30", "2026年11月23日 09:00~11:30"),
        ("date", "2019年10月1日", "2019年10月1日"),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "2026/11/23 08:30", "2026/11/23 08:30"),
        ("date", "2026年11月23日~2026年11月30日", "2026年11月23日~2026年11月30日"),
        ("amount", "¥12.50", "¥12.50"),
        ("amount", "12元", "12元"),
        ("phone_number", "+86-0572-2088888", "+86-0572-2088888"),
        ("car_number", "浙E12345", "浙E12345"),
        ("name", "环渚一队", "环渚一队"),
        ("name", "字" * 11, "字" * 9 + "…"),
        ("name", "Huzhou Family Team 1", "Huzhou Family Team 1"),
        ("name", "队A" * 6, "队A" * 4 + "队…"),
        ("phrase", "已预约", "已预约"),
    ],
)
def test_what_fits_is_sent_and_free_text_is_cut(kind: str, value: str, fitted: str) -> None:
    assert fit(Kind(kind), value) == fitted


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("thing", ""),
        ("thing", " \n\u200b"),
        ("number", "12a"),
        ("number", "1" * 33),
        ("number", "１２"),
        ("letter", "ab1"),
        ("letter", "a" * 33),
        ("symbol", "★★★★★★"),
        ("character_string", "编号1"),
        ("character_string", "1" * 33),
        ("time", "25:00"),
        ("time", "2026年11月23日"),
        ("date", "明天"),
        ("date", "15:01"),
        ("amount", "12345678901"),
        ("phone_number", "138 0013 8000"),
        ("phone_number", "1" * 18),
        ("car_number", "浙E12345678"),
        ("phrase", "已经预约成功"),
        ("phrase", "OK"),
        ("enum", "其他"),
    ],
)
def test_what_cannot_fit_is_refused(kind: str, value: str) -> None:
    with pytest.raises(DoesNotFit):
        fit(Kind(kind), value)


def test_an_enum_takes_its_listed_values_only() -> None:
    assert fit(Kind.ENUM, "待就诊", ["待就诊", "已取消"]) == "待就诊"
    with pytest.raises(DoesNotFit):
        fit(Kind.ENUM, "已就诊", ["待就诊", "已取消"])


def test_the_key_of_a_template_tells_the_type() -> None:
    assert kind_of("thing1") is Kind.THING
    assert kind_of("character_string02") is Kind.CHARACTER_STRING
    with pytest.raises(DoesNotFit):
        kind_of("first.DATA")


def test_dates_and_times_are_written_for_shanghai() -> None:
    at = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    assert as_time(at) == fit(Kind.TIME, as_time(at)) == "2026年11月23日 00:30"
    assert as_date(date(2026, 12, 1)) == fit(Kind.DATE, as_date(date(2026, 12, 1)))


@given(st.sampled_from([(Kind.THING, 20), (Kind.NAME, 20)]), st.text())
def test_a_cut_text_never_exceeds_its_limit(case: tuple[Kind, int], text: str) -> None:
    kind, limit = case
    try:
        fitted = fit(kind, text)
    except DoesNotFit:
        return
    assert 0 < length(fitted) <= limit
    assert fitted.isprintable() or not fitted.isascii()


POLICY = Region.load("huzhou").section("messaging", MessagingPolicy)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        (at(23, 12), at(23, 12)),
        (at(23, 20, 59), at(23, 20, 59)),
        (at(23, 21), at(24, 7)),
        (at(23, 23, 59), at(24, 7)),
        (at(24, 0), at(24, 7)),
        (at(24, 6, 59), at(24, 7)),
        (at(24, 7), at(24, 7)),
    ],
)
def test_nobody_is_woken(asked: datetime, then: datetime) -> None:
    assert after_quiet(asked, POLICY) == then
    assert after_quiet(asked.astimezone(UTC), POLICY) == then
