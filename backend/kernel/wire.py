"""One connection spoken to through libpq: statements prepared once, several in one trip."""

import re
import select
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

Asked = tuple[str, Mapping[str, Any]]

_BINARY = 1
_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


class _Ready(NamedTuple):
    """A prepared statement with its parameters as they go over the wire."""

    name: bytes
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
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
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
        return [self._row(answer) for answer in self._answers(asked)]

    def every_row(self, asked: Asked) -> list[Any]:
        """All rows of one; raises psycopg's errors."""
        (answer,) = self._answers([asked])
        if not answer.ntuples:
            return []
        self._adapt.set_pgresult(answer)
        return self._adapt.load_rows(0, answer.ntuples, _shape(_columns(answer)))

    def _answers(self, asked: Sequence[Asked]) -> list[PGresult]:
        begin: list[Asked] = [("BEGIN", {})] if self._is_idle else []
        ready = [self._ready(*one) for one in [*begin, *asked]]
        answers = self._together(ready) if len(ready) > 1 else [self._alone(*ready)]
        for answer in answers:
            if answer.status not in _GOOD:
                raise error_from_result(answer)
        return answers[len(begin) :]

    @property
    def _is_idle(self) -> bool:
        return self._libpq.transaction_status == pq.TransactionStatus.IDLE

    def _ready(self, statement: str, told: Mapping[str, Any]) -> _Ready:
        words, names = _numbered(statement)
        values = [told[name] for name in names]
        sent = self._adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = self._adapt.types or (), self._adapt.formats or ()
        name = self._prepared.get((statement, types)) or self._prepare(statement, words, types)
        return _Ready(name, sent, formats)

    def _prepare(self, statement: str, words: bytes, types: tuple[int, ...]) -> bytes:
        name = b"hot_%d" % len(self._prepared)
        answer = self._libpq.prepare(name, words, types)
        if answer.status not in _GOOD:
            raise error_from_result(answer)
        self._prepared[statement, types] = name
        return name

    def _alone(self, one: _Ready) -> PGresult:
        return self._libpq.exec_prepared(one.name, one.values, one.formats, _BINARY)

    def _together(self, ready: Sequence[_Ready]) -> list[PGresult]:
        self._libpq.enter_pipeline_mode()
        for one in ready:
            self._libpq.send_query_prepared(one.name, one.values, one.formats, _BINARY)
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

    def _row(self, answer: PGresult) -> Any:
        if not answer.ntuples:
            return None
        self._adapt.set_pgresult(answer)
        return self._adapt.load_row(0, _shape(_columns(answer)))


def _columns(answer: PGresult) -> tuple[bytes, ...]:
    return tuple(answer.fname(n) or b"" for n in range(answer.nfields))


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with `$1` … for its parameters, and their names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    places = {name: f"${n}" for n, name in enumerate(names, 1)}
    return _PARAMETER.sub(lambda found: places[found[1]], statement).encode(), names


@cache
def _shape(columns: tuple[bytes, ...]) -> Callable[[Any], Any]:
    kind: Any = namedtuple("Row", [column.decode() for column in columns])  # type: ignore[misc]
    make: Callable[[Any], Any] = kind._make
    return make
