"""What a subscribe message [订阅消息] may hold, and when people are left in peace."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from backend.kernel.calendar import SHANGHAI


class Kind(StrEnum):
    """The field types that WeChat knows."""

    THING = "thing"
    NUMBER = "number"
    LETTER = "letter"
    SYMBOL = "symbol"
    CHARACTER_STRING = "character_string"
    TIME = "time"
    DATE = "date"
    AMOUNT = "amount"
    PHONE_NUMBER = "phone_number"
    CAR_NUMBER = "car_number"
    NAME = "name"
    PHRASE = "phrase"
    ENUM = "enum"


class DoesNotFit(ValueError):
    """A value that its field type cannot carry."""


_HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2})"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_MOMENT = rf"(?:{_DAY} ?)?{_CLOCK}"
_DATED = rf"{_DAY}(?: ?{_CLOCK})?"
_FORMS = {
    Kind.NUMBER: r"(?=.{1,32}$)-?\d+(?:\.\d+)?",
    Kind.LETTER: r"[A-Za-z]{1,32}",
    Kind.SYMBOL: "[^\\s\U00010000-\U0010ffff]{1,5}",
    Kind.CHARACTER_STRING: r"[!-~](?:[ -~]{0,30}[!-~])?",
    Kind.TIME: rf"{_MOMENT}(?:~{_MOMENT})?",
    Kind.DATE: rf"{_DATED}(?:~{_DATED})?",
    Kind.AMOUNT: r"[¥￥$€£]?\d{1,10}(?:\.\d+)?元?",
    Kind.PHONE_NUMBER: r"[+\-\d]{1,17}",
    Kind.CAR_NUMBER: rf"(?=.{{1,8}}$){_HAN}?[A-Z0-9·-]+{_HAN}?",
    Kind.PHRASE: "[\u4e00-\u9fff]{1,5}",
}
_THING_LIMIT = 20
_NAME_LIMIT = 10
_PLAIN_NAME_LIMIT = 20
_PLAIN_NAME = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_ELLIPSIS = "…"


def kind_of(key: str) -> Kind:
    """Tell the type from a template's key, `thing1` or `character_string02`."""
    try:
        return Kind(key.rstrip("0123456789"))
    except ValueError:
        raise DoesNotFit(f"{key} names no field type") from None


def fit(kind: Kind, value: str, listed: Iterable[str] = ()) -> str:
    """Return the value as its field can carry it: free text is cut, the rest fits or is refused."""
    text = _clean(value)
    if kind is Kind.THING:
        return _cut(text, _THING_LIMIT)
    if kind is Kind.NAME:
        return _cut(text, _PLAIN_NAME_LIMIT if _PLAIN_NAME.fullmatch(text) else _NAME_LIMIT)
    fits = text in set(listed) if kind is Kind.ENUM else _has_form(kind, text)
    if not fits:
        raise DoesNotFit(f"a value does not fit a field of type {kind}")
    return text


def as_time(at: datetime) -> str:
    """Write an instant for a `time` field, in Shanghai."""
    return f"{at.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}"


def as_date(day: date) -> str:
    """Write a day for a `date` field."""
    return f"{day:%Y年%m月%d日}"


def length(text: str) -> int:
    """Count UTF-16 units: a rare character counts two, as the strictest reader would."""
    return len(text.encode("utf-16-le")) // 2


def _clean(value: str) -> str:
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", value))
    printed = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    text = re.sub(" +", " ", printed).strip()
    if not text:
        raise DoesNotFit("an empty value is refused by WeChat")
    return text


def _cut(text: str, limit: int) -> str:
    if length(text) <= limit:
        return text
    while length(text) > limit - 1:
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS


def _has_form(kind: Kind, text: str) -> bool:
    return re.fullmatch(_FORMS[kind], text, re.ASCII) is not None


@dataclass(frozen=True, kw_only=True)
class MessagingPolicy:
    """What the region lays down."""

    quiet_hours: tuple[time, time]


def is_quiet(at: datetime, policy: MessagingPolicy) -> bool:
    """Tell whether only what is urgent may be sent now."""
    return after_quiet(at, policy) != at


def after_quiet(at: datetime, policy: MessagingPolicy) -> datetime:
    """Return the first instant from `at` on that lies outside the quiet hours [免打扰时段]."""
    begins, ends = policy.quiet_hours
    local = at.astimezone(SHANGHAI)
    over_midnight = begins > ends
    late = local.time() >= begins
    early = local.time() < ends
    if not (late or early if over_midnight else late and early):
        return at
    day = local.date() + timedelta(days=int(over_midnight and late))
    return datetime.combine(day, ends, SHANGHAI).astimezone(at.tzinfo)
