"""Rows by COPY: many of a kind in one statement, in the order of writing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Dialect, inspect
from sqlalchemy.dialects import postgresql

from backend.kernel.database import Base

_DIALECT: Dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
Value = Callable[[Any], Any]


class Copier:
    """Copies rows of the features' models over one connection, in its transaction."""

    def __init__(self, link: "psycopg.Connection[Any]") -> None:
        self.link = link
        self._shapes: dict[tuple[type, frozenset[str]], _Shape] = {}

    def write(self, rows: Iterable[Base]) -> int:
        """Write them, one statement for each run of rows alike; returns how many."""
        return sum(self._copy(kind, list(alike)) for kind, alike in groupby(rows, type))

    def _copy(self, kind: type[Base], rows: Sequence[Base]) -> int:
        shape = self._shape(kind, rows[0])
        with self.link.cursor() as cursor, cursor.copy(shape.statement) as copy:
            for row in rows:
                copy.write_row(list(shape.values(row)))
        return len(rows)

    def _shape(self, kind: type[Base], first: Base) -> "_Shape":
        given = frozenset(vars(first))
        if (kind, given) not in self._shapes:
            self._shapes[kind, given] = _Shape(kind, given)
        return self._shapes[kind, given]


class _Shape:
    """Which columns of a table are told; what the database sets by itself is left to it."""

    def __init__(self, kind: type[Base], given: Iterable[str]) -> None:
        columns = {
            attribute.key: attribute.columns[0]
            for attribute in inspect(kind).column_attrs
            if attribute.key in given or attribute.columns[0].server_default is None
        }
        self._told = [(key, _unsaid(column), _as_kept(column)) for key, column in columns.items()]
        self.statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(kind.__tablename__),
            sql.SQL(", ").join(sql.Identifier(column.name) for column in columns.values()),
        )

    def values(self, row: Base) -> Iterator[Any]:
        """The values of a row in the order of the columns."""
        told = vars(row)
        for key, unsaid, kept in self._told:
            value = told.get(key, unsaid)
            yield value if value is None or kept is None else kept(value)


def _unsaid(column: Any) -> Any:
    """What an attribute that was never set is written as."""
    return column.default.arg if column.default is not None else None


def _as_kept(column: ColumnElement[Any]) -> Value | None:
    kept: Value | None = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return kept
