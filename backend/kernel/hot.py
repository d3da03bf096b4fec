"""Statements that run at every request: on the session's own connection, straight to the driver.

They belong to the session's transaction like any other. SQLAlchemy's work around a statement costs
more than the database's own in a short one (more than half of a booking was spent in it), so the
few statements of the hot path go past it. Everything else uses the session.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from backend.kernel.database import db

_LAST = "hot.last"


def row(statement: str, told: Mapping[str, Any]) -> Any:
    """The first row as a named tuple, or `None`; parameters are written `%(name)s`.

    Failures come as SQLAlchemy's, so that callers need not know which way was taken.
    """
    connection, link = _own()
    with _as_sqlalchemy(connection, link):
        for earlier in db.session.info.pop(_LAST, []):
            _first(link, *earlier)
        return _first(link, statement, told)


def last(statement: str, told: Mapping[str, Any]) -> None:
    """Run at the end of the transaction, together with its COMMIT, or before the next `row`."""
    db.session.info.setdefault(_LAST, []).append((statement, told))


def finish(commit: Callable[["psycopg.Connection[Any]"], None]) -> None:
    """Send what was left for the end and the COMMIT in one round trip."""
    waiting = db.session.info.pop(_LAST, [])
    if not waiting:
        return
    connection, link = _own()
    with _as_sqlalchemy(connection, link), link.pipeline():
        for statement, told in waiting:
            link.execute(statement, told, prepare=True)
        if not connection.in_nested_transaction():
            commit(link)


def forget() -> None:
    """The transaction was rolled back, and so is what waited for its end."""
    db.session.info.pop(_LAST, None)


def _own() -> "tuple[Connection, psycopg.Connection[Any]]":
    """The session's connection, everything that it was told so far being in the database."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        session.flush()
    connection = session.connection()
    return connection, cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _first(link: "psycopg.Connection[Any]", statement: str, told: Mapping[str, Any]) -> Any:
    with link.cursor(row_factory=namedtuple_row) as cursor:
        if link.info.transaction_status is not TransactionStatus.IDLE:
            cursor.execute(statement, told, prepare=True)
            return cursor.fetchone() if cursor.description else None
        # The first statement of a transaction goes out together with its BEGIN.
        with link.pipeline():
            cursor.execute(statement, told, prepare=True)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def _as_sqlalchemy(connection: Connection, link: "psycopg.Connection[Any]") -> Iterator[None]:
    try:
        yield
    except psycopg.Error as failure:
        if link.broken:
            connection.invalidate(failure)
        raise DBAPIError.instance(
            None, None, failure, psycopg.Error, hide_parameters=True
        ) from failure
