"""One connection spoken to through libpq: statements prepared once, several in one trip."""

import re
import select
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InFailedSqlTransaction, error_from_result
from psycopg.pq.abc import PGresult

Asked = tuple[str, Mapping[str, Any]]

COMMIT = "COMMIT"
_BINARY = 1
_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


@dataclass(slots=True)
class _Prepared:
    """A statement for parameters of these types, and how its rows are read once one was seen."""

    name: bytes
    reader: Any = None
    make: Callable[[Any], Any] = tuple

    def read(self, driver: "psycopg.Connection[Any]", answer: PGresult, most: int) -> list[Any]:
        """So many rows of its answer at most, as named tuples."""
        if not answer.ntuples:
            return []
        is_new = self.reader is None
        if is_new:
            self.reader = Transformer.from_context(driver)
            self.make = _shape(tuple(answer.fname(n) or b"" for n in range(answer.nfields)))
        self.reader.set_pgresult(answer, set_loaders=is_new)
        rows: list[Any] = self.reader.load_rows(0, min(most, answer.ntuples), self.make)
        return rows


class _Ready(NamedTuple):
    """A prepared statement with its parameters as they go over the wire."""

    prepared: _Prepared
    values: Sequence[Any]
    formats: Sequence[int]


class Wire:
    """A psycopg connection's libpq side; lives as long as the connection does.

    libpq's calls that wait give up the GIL (`exec_prepared`), or are made only when there is
    something to read.
    """

    def __init__(self, driver: "psycopg.Connection[Any]") -> None:
        self._driver, self._libpq = driver, driver.pgconn
        self._adapt = Transformer.from_context(driver)
        self._prepared: dict[tuple[str, tuple[int, ...]], _Prepared] = {}
        self._readable = select.poll()
        self._readable.register(self._libpq.socket, select.POLLIN)

    @property
    def is_broken(self) -> bool:
        """Whether the server is gone."""
        return self._driver.broken

    def rows(self, asked: Sequence[Asked]) -> list[Any]:
        """The first row of each, or `None`, in one trip; begins a transaction where none is open.

        Raises psycopg's errors; after one nothing that was asked later has run.
        """
        read = [one.read(self._driver, answer, 1) for one, answer in self._answers(asked)]
        return [found[0] if found else None for found in read]

    def every_row(self, asked: Asked) -> list[Any]:
        """All rows of one; raises psycopg's errors."""
        ((one, answer),) = self._answers([asked])
        return one.read(self._driver, answer, answer.ntuples)

    def _answers(self, asked: Sequence[Asked]) -> list[tuple[_Prepared, PGresult]]:
        begin: list[Asked] = [("BEGIN", {})] if self.is_idle else []
        ready = [self._ready(*one) for one in [*begin, *asked]]
        answers = self._together(ready) if len(ready) > 1 else [self._alone(*ready)]
        for answer in answers:
            if answer.status not in _GOOD:
                raise error_from_result(answer)
        if asked[-1][0] == COMMIT and answers[-1].command_status != b"COMMIT":
            raise InFailedSqlTransaction("rolled back instead of committed")
        prepared = [one.prepared for one in ready]
        return list(zip(prepared, answers, strict=True))[len(begin) :]

    @property
    def is_idle(self) -> bool:
        """Whether no transaction is open."""
        return self._libpq.transaction_status == pq.TransactionStatus.IDLE

    def _ready(self, statement: str, told: Mapping[str, Any]) -> _Ready:
        words, names, automatic = _numbered(statement)
        sent = self._adapt.dump_sequence([told[name] for name in names], automatic)
        types, formats = self._adapt.types or (), self._adapt.formats or ()
        known = self._prepared.get((statement, types)) or self._prepare(statement, words, types)
        return _Ready(known, sent, formats)

    def _prepare(self, statement: str, words: bytes, types: tuple[int, ...]) -> _Prepared:
        name = b"hot_%d" % len(self._prepared)
        answer = self._libpq.prepare(name, words, types)
        if answer.status not in _GOOD:
            raise error_from_result(answer)
        made = self._prepared[statement, types] = _Prepared(name)
        return made

    def _alone(self, one: _Ready) -> PGresult:
        return self._libpq.exec_prepared(one.prepared.name, one.values, one.formats, _BINARY)

    def _together(self, ready: Sequence[_Ready]) -> list[PGresult]:
        self._libpq.enter_pipeline_mode()
        for one in ready:
            self._libpq.send_query_prepared(one.prepared.name, one.values, one.formats, _BINARY)
        self._libpq.pipeline_sync()
        answers = self._until_synchronous()
        self._libpq.exit_pipeline_mode()
        return answers

    def _until_synchronous(self) -> list[PGresult]:
        answers: list[PGresult] = []
        while True:
            while self._libpq.flush() or self._libpq.is_busy():
                self._readable.poll()
                self._libpq.consume_input()
            answer = self._libpq.get_result()
            if answer is None:
                continue
            if answer.status == pq.ExecStatus.PIPELINE_SYNC:
                return answers
            answers.append(answer)


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...], list[PyFormat]]:
    """The statement with `$1` … for its parameters, their names in that order, their formats."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    places = {name: f"${n}" for n, name in enumerate(names, 1)}
    words = _PARAMETER.sub(lambda found: places[found[1]], statement)
    return words.encode(), names, [PyFormat.AUTO] * len(names)


@cache
def _shape(columns: tuple[bytes, ...]) -> Callable[[Any], Any]:
    kind: Any = namedtuple("Row", [column.decode() for column in columns])  # type: ignore[misc]
    make: Callable[[Any], Any] = kind._make
    return make
