"""What each kind of template field may hold; written from the platform's table alone."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from .refusal import Refused
from .templates import Template

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
KEY = re.compile(r"([a-z]+(?:_[a-z]+)*)\d{1,2}")
CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
DAY = r"(\d{4})(?:年(\d{1,2})月(\d{1,2})日|([-/.])(\d{1,2})\4(\d{1,2}))"
TIME_POINT = re.compile(rf"(?:{DAY}\s?)?{CLOCK}", re.ASCII)
DATE_POINT = re.compile(rf"{DAY}(?:\s?{CLOCK})?", re.ASCII)


def width(text: str) -> int:
    """Length in UTF-16 units: the strictest reading, as emoji and rare characters count two."""
    return len(text.encode("utf-16-le")) // 2


def _fits(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _within(limit: int) -> Callable[[str], bool]:
    return lambda text: width(text) <= limit


def _points(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """One point in time, or two joined by `~`."""

    def check(text: str) -> bool:
        parts = [pattern.fullmatch(part.strip()) for part in text.split("~")]
        return len(parts) <= 2 and all(part is not None and _real_day(part) for part in parts)

    return check


def _real_day(found: re.Match[str]) -> bool:
    year, month, day = found[1], found[2] or found[5], found[3] or found[6]
    try:
        return year is None or date(int(year), int(month), int(day)) is not None
    except ValueError:
        return False


def _amount(text: str) -> bool:
    found = re.fullmatch(r"[¥￥$€£]?(\d+)(?:\.(\d+))?元?", text, re.ASCII)
    return found is not None and len(found[1] + (found[2] or "")) <= 10


def _name(text: str) -> bool:
    if any(character.isdigit() for character in text):
        return False
    return width(text) <= (10 if HAN.search(text) else 20)


RULES: dict[str, Callable[[str], bool]] = {
    "thing": _within(20),
    "number": lambda text: len(text) <= 32 and _fits(r"-?\d+(\.\d+)?")(text),
    "letter": _fits(r"[A-Za-z]{1,32}"),
    "symbol": _within(5),
    "character_string": _fits(r"[\x20-\x7e]{1,32}"),
    "time": _points(TIME_POINT),
    "date": _points(DATE_POINT),
    "amount": _amount,
    "phone_number": _fits(r"[+\-\d]{1,17}"),
    "car_number": lambda text: (
        width(text) <= 8 and _fits(r"[\u4e00-\u9fff]?[A-Z\d]+[\u4e00-\u9fff]?")(text)
    ),
    "name": _name,
    "phrase": _fits(r"[\u4e00-\u9fff]{1,5}"),
}


def check(template: Template, data: Any) -> dict[str, str]:
    """The values by key when all is well; otherwise 47003 naming the field at fault."""
    if not isinstance(data, dict):
        raise Refused(47003, "data invalid")
    for key in data.keys() - template.fields.keys():
        raise Refused(47003, f"data.{key} invalid")
    return {key: _value(template, key, data.get(key)) for key in template.fields}


def _value(template: Template, key: str, cell: Any) -> str:
    value = cell.get("value") if isinstance(cell, dict) else None
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Refused(47003, f"data.{key}.value is empty")
    if not isinstance(value, str) or CONTROL.search(value) or not _allowed(template, key, value):
        raise Refused(47003, f"data.{key}.value invalid")
    return value


def _allowed(template: Template, key: str, value: str) -> bool:
    found = KEY.fullmatch(key)
    kind = found[1] if found else ""
    if kind == "enum":
        return value in template.options.get(key, [])
    return kind in RULES and RULES[kind](value)
