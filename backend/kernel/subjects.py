"""What the system holds of a person: each feature tells of its own, ends it, keeps or erases it.

`backend/subjects.py` is the page that names every contribution; what is not on it is neither
exported nor erased.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, inspect, select

from backend.kernel.context import CLOCK, Context
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base, db
from backend.kernel.events import Event, Reaction
from backend.kernel.retention import Category

R = TypeVar("R", bound=Base)
Record = Mapping[str, Any]
Records = Mapping[str, Sequence[Record]]


class Cause(StrEnum):
    """Why everything about a person ends."""

    WITHDRAWN = "withdrawn"
    DIED = "died"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that ends, in plain words."""

    subject_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """So many rows of one category that a law keeps until a day."""

    category: Category
    rows: int
    until: date


def _nothing(_ctx: Context, _resident_id: UUID) -> Sequence[Any]:
    return ()


def _nobody(_ctx: Context, _resident_id: UUID, _cause: Cause) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One feature's part in a person's record.

    `export` gives its rows by table; `foresee` says what would end, `close` ends it; `kept` says
    what a law keeps today, `erase` erases the rest. All are called by the clock. `describe` puts a
    row that people may object to in words, and `annotate` puts beside it what the person says.
    """

    export: Callable[[Context, UUID], Records]
    foresee: Callable[[Context, UUID], Sequence[Consequence]] = _nothing
    close: Callable[[Context, UUID, Cause], None] = _nobody
    kept: Callable[[Context, UUID], Sequence[Kept]] = _nothing
    erase: Callable[[Context, UUID], None] = lambda _ctx, _resident_id: None
    describe: Callable[[Context, UUID, UUID], str | None] = lambda _ctx, _resident_id, _row: None
    annotate: Callable[[Context, UUID, UUID, str], None] | None = None


Subjects = Mapping[str, Contribution]


class _App(Protocol):
    extensions: dict[str, Any]


def bind(app: _App, subjects: Subjects) -> None:
    """Tell an app what its features contribute."""
    app.extensions["subjects"] = subjects


def bound() -> Subjects:
    """The contributions of the running app, in the order in which things end."""
    found: Subjects = current_app.extensions["subjects"]
    return found


def everything(ctx: Context, resident_id: UUID) -> Records:
    """All rows about a person, by table."""
    found: dict[str, list[Record]] = {}
    for contribution in bound().values():
        for table, rows in contribution.export(as_clock(ctx), resident_id).items():
            found.setdefault(table, []).extend(rows)
    return found


def foreseen(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """What would end now, in the order of the page; to a guardian without what the child hid."""
    parts = (one.foresee(_read_by(ctx), resident_id) for one in bound().values())
    return [consequence for part in parts for consequence in part]


def kept(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """What a law keeps today; to a guardian without what the child hid."""
    return [row for one in bound().values() for row in one.kept(_read_by(ctx), resident_id)]


def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """End everything now, in the caller's transaction."""
    for contribution in bound().values():
        contribution.close(as_clock(ctx), resident_id, cause)


def erase(ctx: Context, resident_id: UUID) -> None:
    """Erase what no law keeps today; again is no change."""
    for contribution in bound().values():
        contribution.erase(as_clock(ctx), resident_id)


def described(ctx: Context, resident_id: UUID, row_id: UUID) -> str | None:
    """A row of the person's record in words, `None` where there is no such row."""
    found = (one.describe(as_clock(ctx), resident_id, row_id) for one in bound().values())
    return next(filter(None, found), None)


def annotate(ctx: Context, resident_id: UUID, row_id: UUID, text: str) -> None:
    """Put what the person says beside the row of whichever feature keeps it."""
    for one in bound().values():
        if one.annotate and one.describe(as_clock(ctx), resident_id, row_id):
            one.annotate(ctx, resident_id, row_id, text)


def closing(
    subjects: Subjects, still: Callable[[Context, Any], tuple[UUID, Cause] | None]
) -> Sequence[Reaction]:
    """A reaction for each feature, so that one that fails keeps no other from ending its own.

    `still` answers whose record is closed and why, `None` where it has been opened again.
    """
    return [_closing(name, one, still) for name, one in subjects.items() if one.close != _nobody]


def _closing(name: str, contribution: Contribution, still: Callable[..., Any]) -> Reaction:
    def react(ctx: Context, event: Event) -> None:
        if found := still(ctx, event):
            contribution.close(ctx, *found)

    react.__module__, react.__name__ = f"backend.{name}", "close"
    return react


def as_clock(ctx: Context) -> Context:
    """The same instant, acted by nobody."""
    return replace(ctx, actor=CLOCK, resident=None, proxy=None, consent=None)


def _read_by(ctx: Context) -> Context:
    """As the clock, but for the relative who reads the answer."""
    return replace(as_clock(ctx), proxy=ctx.proxy)


def rows_of(model: type[R], where: ColumnElement[bool]) -> Sequence[R]:
    """The rows of one table, as they came."""
    return db.session.execute(select(model).where(where).order_by(model.id)).scalars().all()


def told(rows: Iterable[Base], *, without: Sequence[str] = ()) -> list[Record]:
    """Rows as their person may read them: opened, without blind indexes and internal columns."""
    return [_told(row, without) for row in rows]


def _told(row: Base, without: Sequence[str]) -> Record:
    names = [attribute.key for attribute in inspect(type(row)).column_attrs]
    shown = {}
    for name in names:
        opened = name.removesuffix("_sealed")
        if name.endswith(("_index", "_plain")) or name in without:
            continue  # a blind index; or what was not sealed before, told by its sealed successor
        is_sealed = isinstance(getattr(type(row), opened, None), Sealed)
        shown[opened if is_sealed else name] = plain(getattr(row, opened if is_sealed else name))
    return shown


def plain(value: Any) -> Any:
    """A column's value as JSON carries it."""
    match value:
        case Enum():
            return value.value
        case UUID() | Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value
