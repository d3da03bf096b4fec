"""Statements that run at every request: in the session's transaction, in few trips.

What SQLAlchemy and psycopg do around a short statement costs more than the database's own work
(docs/adr/0009), so the few statements of the hot path go to libpq: prepared once on a connection,
the first in one trip with BEGIN and with what was asked `ahead`, the `last` in one trip with
COMMIT. Everything else uses the session. Inside `transaction` a connection is taken from the pool
without it, and the session joins when it is first asked; a request that never asks it spares it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import psycopg
from flask import g
from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from backend.kernel.database import JOINS, db
from backend.kernel.wire import COMMIT, Asked, Wire

_WIRE = "hot.wire"


@dataclass(slots=True)
class _Turn:
    """What is known of one app context's transaction.

    With an `engine` it takes a connection itself; else it is the session's alone.
    """

    engine: Engine | None = None
    may_wait: bool = False
    ahead: list[Asked] = field(default_factory=list)
    known: list[tuple[Asked, Any]] = field(default_factory=list)
    last: list[Asked] = field(default_factory=list)
    taken: PoolProxiedConnection | None = None
    joined: Connection | None = None


def _turn() -> _Turn:
    found: _Turn | None = g.get("hot")
    if found is None:
        found = g.hot = _Turn()
    return found


def row(statement: str, told: Mapping[str, Any]) -> Any:
    """The first row as a named tuple, or `None`; parameters are written `%(name)s`.

    Failures come as SQLAlchemy's, so that callers need not know which way was taken.
    """
    turn, asked = _turn(), (statement, told)
    for known in turn.known:
        if known[0] == asked:
            turn.known.remove(known)
            return known[1]
    ahead = [one for one in turn.ahead if one != asked]
    last, turn.last, turn.ahead = turn.last, [], []
    answers = _ask(turn, [*last, *ahead, asked])
    turn.known += zip(ahead, answers[len(last) :], strict=False)
    return answers[-1]


def rows(statement: str, told: Mapping[str, Any]) -> list[Any]:
    """Every row as a named tuple."""
    turn = _turn()
    last, turn.last = turn.last, []
    if last:
        _ask(turn, last)
    found: list[Any] = _tell(turn, lambda wire: wire.every_row((statement, told)))
    return found


def ahead(statement: str, told: Mapping[str, Any]) -> None:
    """Ask together with the next `row`; the `row` that asks the same gets this answer, once."""
    _turn().ahead.append((statement, told))


def last(statement: str, told: Mapping[str, Any]) -> None:
    """Run at the end of the transaction, together with its COMMIT, or before the next `row`."""
    _turn().last.append((statement, told))


def may_wait() -> bool:
    """Whether what nobody reads again may be left for the end of this transaction.

    Never inside a savepoint, whose end is not the transaction's.
    """
    return _turn().may_wait and not (has_session() and db.session().in_nested_transaction())


def begin(*, events_last: bool) -> None:
    """From here to the `end` or the `undo` is one transaction."""
    engine = db.engine
    # Tests hand over a connection of their own.
    g.hot = _Turn(engine if isinstance(engine, Engine) else None, events_last)


def finish() -> None:
    """Send what was left for the end, and the COMMIT with it."""
    turn = _turn()
    if turn.last or (turn.taken is not None and not _is_sessions(turn)):
        inner = _is_sessions(turn) and _of_session().in_nested_transaction()
        _ask(turn, turn.last if inner else [*turn.last, (COMMIT, {})])


def end() -> None:
    """After the session's own commit, which knows nothing of what it never joined."""
    turn = _turn()
    if turn.taken is not None and not _wire_of(turn.taken).is_idle:
        _ask(turn, [(COMMIT, {})])
    _let_go(turn)


def undo() -> None:
    """Nothing of it has happened, whatever way it was written; what follows begins anew."""
    turn = _turn()
    if has_session():
        db.session.rollback()
    _let_go(turn)
    g.hot = _Turn(turn.engine)


def over() -> None:
    """Nothing more belongs to the transaction that was begun."""
    g.pop("hot", None)


def _let_go(turn: _Turn) -> None:
    """Give the connection back to the pool, which rolls back what is still open."""
    joined, taken = turn.joined, turn.taken
    turn.joined = turn.taken = None
    g.pop(JOINS, None)
    if joined is not None:
        joined.close()
    elif taken is not None:
        taken.close()


def _ask(turn: _Turn, asked: list[Asked]) -> list[Any]:
    return _tell(turn, lambda wire: wire.rows(asked))


def _tell(turn: _Turn, say: Callable[[Wire], list[Any]]) -> list[Any]:
    """What a connection's wire answers; failures come as SQLAlchemy's."""
    if turn.engine is None or _is_sessions(turn):
        connection: Connection | PoolProxiedConnection = _of_session()
        wire = _wire_of(cast("Connection", connection).connection)
    else:
        connection = _own(turn, turn.engine)
        wire = _wire_of(connection)
    try:
        return say(wire)
    except psycopg.Error as failure:
        if wire.is_broken:
            connection.invalidate(failure)
            # The others of the pool lead to the same server, which is gone or has begun anew.
            db.engine.dispose()
        raise DBAPIError.instance(
            None, None, failure, psycopg.Error, hide_parameters=True
        ) from failure


def has_session() -> bool:
    """Whether anybody has used one in this app context."""
    return db.session.registry.has()


def _is_sessions(turn: _Turn) -> bool:
    """Whether the session has begun, or the transaction is its own to begin and to end."""
    return turn.engine is None or (has_session() and db.session().in_transaction())


def _of_session() -> Connection:
    """The session's connection, everything that it was told so far being in the database."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.flush()
    # Asked each time, because it is this call that begins a savepoint the session has promised.
    return session.connection()


def _own(turn: _Turn, engine: Engine) -> PoolProxiedConnection:
    """A connection that the session joins, should it be asked."""
    if turn.taken is None:
        turn.taken = engine.raw_connection()
        g.joins = partial(_joined, turn)
    return turn.taken


def _joined(turn: _Turn, engine: Engine) -> Connection:
    if turn.joined is None:
        turn.joined = Connection(engine, turn.taken)
    return turn.joined


def _wire_of(taken: PoolProxiedConnection) -> Wire:
    wire: Wire | None = taken.info.get(_WIRE)
    if wire is None:
        wire = taken.info[_WIRE] = Wire(cast("psycopg.Connection[Any]", taken.driver_connection))
    return wire
