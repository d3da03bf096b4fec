"""What the cells of a roster sheet say: written so that Excel runs nothing, read with a reason."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from backend.clinics.models import Allocation, Service
from backend.kernel.errors import Fault

T = TypeVar("T")
SERVICES: Mapping[Service, str] = {
    Service.OUTPATIENT: "门诊",
    Service.ULTRASOUND: "超声",
    Service.RADIOLOGY: "放射",
    Service.NURSING: "护理",
    Service.WARD_ROUND: "查房",
    Service.TEACHING: "带教",
    Service.LECTURE: "讲座",
    Service.GROUP: "小组活动",
}
ALLOCATIONS: Mapping[Allocation, str] = {
    Allocation.FIRST_COME: "先到先得",
    Allocation.STAGGERED: "分批放号",
    Allocation.LOTTERY: "摇号",
}
YES, NO = "是", "否"
LONGEST = 200
# Years that a calendar of people can be about: with others, reckoning leaves what a date can hold.
YEARS = range(1900, 2301)
# What a spreadsheet program would take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_EMPTY = "这一格必须填写"
_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?::00)?")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


def escaped(text: str) -> str:
    """A text that no spreadsheet program runs."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unescaped(text: str) -> str:
    """The text that `escaped` was given."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


@dataclass(slots=True)
class Cells:
    """One row: what it says by column, and what is wrong with it."""

    number: int
    values: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, column: str, detail: str) -> None:
        """Say what is wrong with a cell."""
        told = f"第 {self.number} 行“{column}”：{detail}"
        self.faults.append(Fault(f"/rows/{self.number}/{column}", told))

    def text(self, column: str) -> str | None:
        """What is written there; nothing where it is empty."""
        value = self.values.get(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = unescaped(str("" if value is None else value).strip())
        if len(text) > LONGEST or any(ord(letter) < 32 for letter in text):
            self.wrong(column, f"最多 {LONGEST} 个字，不能换行")
            return None
        return text or None

    def needed(self, column: str) -> str | None:
        """As `text`; empty is wrong."""
        before = len(self.faults)
        text = self.text(column)
        if text is None and len(self.faults) == before:
            self.wrong(column, _EMPTY)
        return text

    def whole(self, column: str, *, needed: bool = True) -> int | None:
        """A number of seats."""
        return self._read(column, _whole, "应为 0 到 1000 的整数", needed=needed)

    def time(self, column: str) -> time | None:
        """A time of day."""
        return self._read(column, _time, "应为时间，例如 08:30")

    def date(self, column: str, *, needed: bool = True) -> date | None:
        """A day."""
        return self._read(column, _date, "应为日期，例如 2026-12-01", needed=needed)

    def ids(self, column: str) -> tuple[UUID, ...]:
        """Several people by their numbers."""
        return self._read(column, _ids, "编号格式有误", needed=False) or ()

    def one_of(self, column: str, words: Mapping[Any, str], default: Any = None) -> Any:
        """One of the words that a column knows."""
        by_word = {word: kind for kind, word in words.items()}
        told = f"请从这些里选：{'、'.join(by_word)}"
        found = self._read(column, by_word.__getitem__, told, needed=default is None)
        return default if found is None else found

    def _read(
        self, column: str, read: Callable[[Any], T], told: str, *, needed: bool = True
    ) -> T | None:
        value = self.values.get(column)
        if isinstance(value, str):
            value = unescaped(value.strip())
        if value in (None, ""):
            if needed:
                self.wrong(column, _EMPTY)
            return None
        try:
            return read(value)
        except (ValueError, KeyError, TypeError, OverflowError):
            self.wrong(column, told)
            return None


def _whole(value: Any) -> int:
    number = float(value)
    if isinstance(value, bool) or not number.is_integer() or not 0 <= number <= 1000:
        raise ValueError
    return int(number)


def _time(value: Any) -> time:
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, timedelta | float | int) and not isinstance(value, bool):
        seconds = value.total_seconds() if isinstance(value, timedelta) else value * 86400
        hours, minutes = divmod(round(seconds / 60), 60)
        value = time(hours, minutes)
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError
    return time(int(found[1]), int(found[2]))


def _date(value: Any) -> date:
    day = _any_date(value)
    if day.year not in YEARS:
        raise ValueError
    return day


def _any_date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DATE.fullmatch(value)
    if found is None:
        raise ValueError
    return date(*(int(part) for part in found.groups()))


def _ids(value: Any) -> tuple[UUID, ...]:
    return tuple(UUID(part) for part in re.split(r"[\s,，、;；]+", str(value)) if part)


class Column(StrEnum):
    """The columns of a sheet, from left to right."""

    ID = "编号"
    HOUSE = "机构"
    EXPERT = "专家"
    EXPERT_HOUSE = "专家单位"
    EXPERT_ID = "专家编号"
    CREW = "同行人员编号"
    SPECIALTY = "科室"
    SERVICE = "服务"
    ROOM = "诊室"
    FEE = "收费说明"
    RULE = "重复规则"
    BEGINS = "开始时间"
    ENDS = "结束时间"
    CAPACITY = "号数"
    ALLOCATION = "放号方式"
    SCARCE = "紧缺"
    REFERRAL = "转诊号"
    FAMILY_DOCTOR = "家庭医生号"
    SIGNED = "签约号"
    STARTS_ON = "开始日期"
    ENDS_ON = "结束日期"
