"""Receipts [短信下发状态通知] and replies [短信回复] as the provider writes them, read leniently.

Published: https://cloud.tencent.com/document/api/382/59178 and …/59179. `ext`, our own id, is
there only where the provider was asked for it; the zone of `user_receive_time` is not said and
read as Shanghai's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.kernel.calendar import SHANGHAI

LONGEST_NAME, LONGEST_WORDS = 120, 500
# What is said to have happened at another time did so when we heard of it.
OLDEST, LATEST = timedelta(days=30), timedelta(days=1)
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)
_UNSOUND = re.compile("[\0\ud800-\udfff]")


class Unreadable(ValueError):
    """Not what the provider says it sends; the text names the field, never its content."""


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt or reply; `known_by` is the same whenever it is told again."""

    known_by: str = field(repr=False)
    mobile: str = field(repr=False)
    happened_at: datetime
    words: str | None = field(default=None, repr=False)
    serial_no: str | None = None
    context_id: UUID | None = None
    succeeded: bool | None = None
    code: str | None = None


def receipt(item: Any, at: datetime) -> Told:
    """What became of a text; raises `Unreadable`."""
    fields = _fields(item)
    serial, status = _name(fields, "sid"), fields.get("report_status")
    if serial is None or status not in {"SUCCESS", "FAIL"}:
        raise Unreadable("sid or report_status")
    is_lost = status == "FAIL"
    return Told(
        f"{serial}|{status}",
        _mobile(fields),
        _local(fields.get("user_receive_time"), at),
        words=_words(fields.get("description")) if is_lost else None,
        serial_no=serial,
        context_id=_uuid(fields.get("ext")),
        succeeded=not is_lost,
        code=_name(fields, "errmsg"),
    )


def reply(item: Any, at: datetime) -> Told:
    """What somebody answered; raises `Unreadable`."""
    fields = _fields(item)
    mobile, words, stamp = _mobile(fields), _words(fields.get("text")), _stamp(fields)
    if words is None:
        raise Unreadable("text")
    return Told(f"{mobile}|{stamp}|{words}", mobile, _moment(stamp, at), words=words)


def _fields(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise Unreadable("no object")
    return item


def _mobile(fields: Mapping[str, Any]) -> str:
    found = _MOBILE.fullmatch(str(fields.get("mobile", "")))
    if found is None or str(fields.get("nationcode", "86")).lstrip("+") != "86":
        raise Unreadable("mobile")
    return found[1]


def _name(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    is_name = isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST_NAME
    return value if is_name else None


def _stamp(fields: Mapping[str, Any]) -> int | str | None:
    value = fields.get("time")
    return value if isinstance(value, int) else _name(fields, "time")


def _words(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return _UNSOUND.sub("", value).strip()[:LONGEST_WORDS] or None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _local(value: Any, at: datetime) -> datetime:
    try:
        told = datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return at
    return _near(told, at)


def _moment(value: Any, at: datetime) -> datetime:
    try:
        told = datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return at
    return _near(told, at)


def _near(told: datetime, at: datetime) -> datetime:
    """A clock's first day, or one that is far ahead, is none that a column or a rule can use."""
    return told if at - OLDEST <= told <= at + LATEST else at
