"""Lists page by key: what is added or removed meanwhile neither repeats nor hides a row."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid

T = TypeVar("T")
LARGEST = 100
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and the cursor of those that follow, `None` at the end."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: after which cursor, how many rows (1 to 100)."""

    after: str | None = None
    limit: int = 20


class BadCursor(Invalid):
    """The cursor was not made by us for this list."""

    code = "bad-cursor"
    title = "翻页位置无效"
    advice = "请从第一页重新查看。"


def page(
    statement: Select[T],
    keys: Sequence[InstrumentedAttribute[Any]],
    wanted: Wanted,
    *,
    newest_first: bool = False,
) -> Page[T]:
    """One page of `statement` ordered by `keys`, whose last must be unique; raises `BadCursor`."""
    ordered = statement.order_by(*(key.desc() if newest_first else key for key in keys))
    if (place := start_of(wanted, keys)) is not None:
        at, columns = tuple_(*place), tuple_(*keys)
        ordered = ordered.where(columns < at if newest_first else columns > at)
    return cut(list(db.session.execute(ordered.limit(wanted.limit + 1)).scalars()), wanted, keys)


def start_of(wanted: Wanted, keys: Sequence[InstrumentedAttribute[Any]]) -> Sequence[Any] | None:
    """After which values of the keys the page begins, if after any; raises `BadCursor`."""
    if wanted.after is None:
        return None
    return [_value(key, part) for key, part in _parts(wanted.after, keys)]


def cut(rows: Sequence[T], wanted: Wanted, keys: Sequence[InstrumentedAttribute[Any]]) -> Page[T]:
    """The page of these rows, one more of which was asked for than are wanted."""
    shown = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return Page(shown, cursor(shown[-1], keys) if more else None)


def cursor(row: object, keys: Sequence[InstrumentedAttribute[Any]]) -> str:
    """The place of `row` in its list, opaque to clients."""
    values = [str(_text(getattr(row, key.key))) for key in keys]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _parts(
    after: str, keys: Sequence[InstrumentedAttribute[Any]]
) -> list[tuple[InstrumentedAttribute[Any], str]]:
    try:
        values = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        return [(key, str(value)) for key, value in zip(keys, values, strict=True)]
    except (ValueError, TypeError) as wrong:
        raise _refusal() from wrong


def _value(key: InstrumentedAttribute[Any], part: str) -> Any:
    kind = key.type.python_type
    try:
        return kind.fromisoformat(part) if kind in {date, datetime} else _parsed(kind, part)
    except (ValueError, OverflowError) as wrong:
        raise _refusal() from wrong


def _parsed(kind: type, part: str) -> Any:
    if kind is int and abs(int(part)) > LARGEST_INTEGER:
        raise ValueError("no column holds this number")
    if b"\0" in part.encode():  # half a surrogate pair cannot be encoded, which is a ValueError too
        raise ValueError("no column holds this text")
    return UUID(part) if kind is UUID else kind(part)


def _refusal() -> BadCursor:
    return BadCursor(faults=[Fault("/after", BadCursor.advice)])
