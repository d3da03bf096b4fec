"""Statements that run at every request: on the session's own connection, in few trips.

They belong to the session's transaction like any other. What SQLAlchemy and psycopg do around a
short statement costs more than the database's own work (docs/adr/0009), so the few statements of
the hot path go to libpq: prepared once on a connection, the first in one trip with BEGIN and with
what was asked `ahead`, the `last` in one trip with COMMIT. Everything else uses the session.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from backend.kernel.database import db
from backend.kernel.wire import Asked, Wire

_AHEAD, _KNOWN, _LAST, _MAY_WAIT = "hot.ahead", "hot.known", "hot.last", "hot.may_wait"
_WIRE = "hot.wire"


def row(statement: str, told: Mapping[str, Any]) -> Any:
    """The first row as a named tuple, or `None`; parameters are written `%(name)s`.

    Failures come as SQLAlchemy's, so that callers need not know which way was taken.
    """
    info, asked = db.session.info, (statement, told)
    known = info.get(_KNOWN, [])
    for earlier, answer in known:
        if earlier == asked:
            known.remove((earlier, answer))
            return answer
    ahead = [one for one in info.pop(_AHEAD, []) if one != asked]
    *_, answer = _ask([*info.pop(_LAST, []), *ahead, asked], keep=ahead)
    return answer


def rows(statement: str, told: Mapping[str, Any]) -> list[Any]:
    """Every row as a named tuple."""
    connection, wire = _own()
    with _as_sqlalchemy(connection, wire):
        return wire.every_row((statement, told))


def ahead(statement: str, told: Mapping[str, Any]) -> None:
    """Ask together with the next `row`; the `row` that asks the same gets this answer, once."""
    db.session.info.setdefault(_AHEAD, []).append((statement, told))


def last(statement: str, told: Mapping[str, Any]) -> None:
    """Run at the end of the transaction, together with its COMMIT, or before the next `row`."""
    db.session.info.setdefault(_LAST, []).append((statement, told))


def let_wait() -> None:
    """Allow what nobody reads again in this transaction to be left for its end."""
    db.session.info[_MAY_WAIT] = True


def may_wait() -> bool:
    """Whether it was allowed; never inside a savepoint, whose end is not the transaction's."""
    session = db.session()
    return _MAY_WAIT in session.info and not session.in_nested_transaction()


def finish(commit: str) -> None:
    """Send what was left for the end, and with it the word that ends the transaction."""
    waiting = db.session.info.pop(_LAST, [])
    if waiting:
        connection, _ = _own()
        ended: list[Asked] = [] if connection.in_nested_transaction() else [(commit, {})]
        _ask([*waiting, *ended])
    forget()


def forget() -> None:
    """The transaction is over, and so is what was known or left in it."""
    for name in (_AHEAD, _KNOWN, _LAST, _MAY_WAIT):
        db.session.info.pop(name, None)


def _ask(asked: list[Asked], keep: list[Asked] | None = None) -> list[Any]:
    connection, wire = _own()
    with _as_sqlalchemy(connection, wire):
        answers = wire.rows(asked)
    for one, answer in zip(asked, answers, strict=True):
        if keep and one in keep:
            db.session.info.setdefault(_KNOWN, []).append((one, answer))
    return answers


def _own() -> tuple[Connection, Wire]:
    """The session's connection, everything that it was told so far being in the database."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.flush()
    # Asked each time, because it is this call that begins a savepoint the session has promised.
    connection = session.connection()
    wire = connection.info.get(_WIRE)
    if wire is None:
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        wire = connection.info[_WIRE] = Wire(driver)
    return connection, wire


@contextmanager
def _as_sqlalchemy(connection: Connection, wire: Wire) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as failure:
        if wire.is_broken:
            connection.invalidate(failure)
            # The others of the pool lead to the same server, which is gone or has begun anew.
            connection.engine.dispose()
        raise DBAPIError.instance(
            None, None, failure, psycopg.Error, hide_parameters=True
        ) from failure
