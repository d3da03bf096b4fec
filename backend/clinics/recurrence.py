"""Rules of recurrence [RFC 5545]: the part of them that a clinic's timetable needs, and no more.

`FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR` or `FREQ=MONTHLY;BYDAY=1TU,-1FR`; weeks and months are counted
from the roster's first day, weeks begin on Monday. How long it goes on, the roster's dates say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

MOST_APART = 12
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NAMES = "一二三四五六日"
WORDS = {
    "shape": "规则写法不对，例如：每周三、周五 写作 FREQ=WEEKLY;BYDAY=WE,FR",
    "FREQ": "只支持每周（FREQ=WEEKLY）和每月（FREQ=MONTHLY）",
    "INTERVAL": f"间隔应在 1 到 {MOST_APART} 之间",
    "BYDAY": "请写明是周几，例如 BYDAY=WE,FR；每月的要写第几个，例如 BYDAY=1TU、-1FR",
    "other": "只支持 FREQ、INTERVAL、BYDAY；从哪天到哪天请填开始日期和结束日期",
}
_DAY = re.compile(r"(-1|[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_TEXT = re.compile(r"每(?:(\d{1,2})(周|个?月))?(.+)")
_SPOKEN = re.compile(r"(?:第([一二三四五1-5])个|(最后一个))?(?:周|星期|礼拜)([一二三四五六日天])")
_ORDINALS = {**{str(n): n for n in range(1, 6)}, **{"一二三四五"[n - 1]: n for n in range(1, 6)}}


class BadRule(ValueError):
    """It is no rule that a roster may follow; its text says why, in Chinese."""


class Every(StrEnum):
    """What is counted."""

    WEEK = "WEEKLY"
    MONTH = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """On which days; of `days` each is (which one of the month or 0, ISO weekday)."""

    every: Every
    interval: int
    days: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        apart = f";INTERVAL={self.interval}" if self.interval > 1 else ""
        days = ",".join(f"{nth or ''}{CODES[day - 1]}" for nth, day in self.days)
        return f"FREQ={self.every}{apart};BYDAY={days}"

    @property
    def words(self) -> str:
        """As people say it: 每周三、周五 · 每2周三 · 每月第1个周二."""
        apart = str(self.interval) if self.interval > 1 else ""
        unit = "周" if self.every is Every.WEEK else "月"
        days = [_spoken(nth) + f"周{NAMES[day - 1]}" for nth, day in self.days]
        if self.every is Every.WEEK and not apart:
            return "每" + "、".join(days)
        return f"每{apart}{unit}{'：' if apart else ''}" + "、".join(days)

    @property
    def weekday(self) -> int:
        """The first weekday it names, under which it is listed."""
        return self.days[0][1]

    def between(self, origin: date, first: date, last: date) -> Iterator[date]:
        """The days of it from `first` to `last`, counted from `origin`, which none precedes."""
        first = max(first, origin)
        if first > last:
            return
        found = rrule(
            WEEKLY if self.every is Every.WEEK else MONTHLY,
            dtstart=datetime.combine(self._nearer(origin, first), time()),
            interval=self.interval,
            wkst=0,
            byweekday=[weekday(day - 1, nth or None) for nth, day in self.days],
            until=datetime.combine(last, time()),
        )
        yield from (at.date() for at in found if at.date() >= first)

    def _nearer(self, origin: date, first: date) -> date:
        """A beginning near `first` from which weeks or months count alike."""
        if self.every is Every.WEEK:
            weeks = (first - origin).days // 7 // self.interval * self.interval
            return origin + timedelta(weeks=max(0, weeks - self.interval))
        months = (first.year - origin.year) * 12 + first.month - origin.month
        months = months // self.interval * self.interval
        year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
        return date(year, month + 1, 1)


def parse(text: str, default_weekday: int | None = None) -> Recurrence:
    """Read a rule; `default_weekday` is meant where it names no day. Raises `BadRule`."""
    parts = _parts(text)
    if parts.keys() - {"FREQ", "INTERVAL", "BYDAY", "WKST"} or parts.get("WKST", "MO") != "MO":
        raise BadRule(WORDS["other"])
    if parts.get("FREQ") not in set(Every):
        raise BadRule(WORDS["FREQ"])
    interval = parts.get("INTERVAL", "1")
    if not (interval.isascii() and interval.isdigit() and 1 <= int(interval[:9]) <= MOST_APART):
        raise BadRule(WORDS["INTERVAL"])
    every = Every(parts["FREQ"])
    return Recurrence(every, int(interval), _days(every, parts.get("BYDAY"), default_weekday))


def weekly(on: int) -> Recurrence:
    """Each week on this ISO weekday."""
    return Recurrence(Every.WEEK, 1, ((0, on),))


def from_words(text: str) -> Recurrence:
    """Read a rule, or what people say for it; raises `BadRule`."""
    plain = re.sub(r"[\s：:]", "", text)
    if plain.upper().startswith(("FREQ", "RRULE")):
        return parse(text)
    if plain.startswith(("周", "星期", "礼拜")):
        plain = "每" + plain
    found = _TEXT.fullmatch(plain.replace("每两", "每2").replace("每隔一周", "每2周"))
    if found is None:
        raise BadRule(WORDS["shape"])
    apart, unit, rest = found.groups()
    if unit is None and rest.startswith("月"):
        unit, rest = "月", rest[1:]
    return _said(int(apart or 1), bool(unit and unit.endswith("月")), rest)


def _said(interval: int, monthly: bool, rest: str) -> Recurrence:
    first, *more = re.split("[、，,和]", rest)
    said = [_SPOKEN.fullmatch(part) for part in (first, *map(_as_day, more))]
    days = ",".join(
        f"{_ORDINALS[one[1]] if one[1] else '-1' if one[2] else ''}{_code(one[3])}"
        for one in said
        if one is not None
    )
    if None in said:
        raise BadRule(WORDS["shape"])
    every = Every.MONTH if monthly else Every.WEEK
    return parse(f"FREQ={every};INTERVAL={interval};BYDAY={days}")


def _as_day(part: str) -> str:
    return part if part[:1] in {"周", "星", "礼", "第", "最"} else f"周{part}"


def _code(name: str) -> str:
    return CODES[NAMES.index("日" if name == "天" else name)]


def _spoken(nth: int) -> str:
    return "" if not nth else "最后一个" if nth < 0 else f"第{nth}个"


def _parts(text: str) -> dict[str, str]:
    plain = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    pairs = [part.partition("=") for part in plain.split(";")]
    found = {name.strip(): value.strip() for name, equals, value in pairs if equals and value}
    if len(found) != len(pairs):
        raise BadRule(WORDS["shape"])
    return found


def _days(
    every: Every, told: str | None, default_weekday: int | None
) -> tuple[tuple[int, int], ...]:
    if told is None and every is Every.WEEK and default_weekday is not None:
        return ((0, default_weekday),)
    found = [_DAY.fullmatch(part.strip()) for part in (told or "").split(",")]
    days = {(int(one[1] or 0), CODES.index(one[2]) + 1) for one in found if one is not None}
    monthly = every is Every.MONTH
    if None in found or len(days) < len(found) or any(bool(nth) != monthly for nth, _ in days):
        raise BadRule(WORDS["BYDAY"])
    return tuple(sorted(days, key=lambda day: (day[0] < 0, day[0], day[1])))
