"""The database: one Base, one session, reads that refuse kindly."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Engine,
    Enum,
    LargeBinary,
    MetaData,
    NullPool,
    Select,
    Text,
    Uuid,
    create_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id

T = TypeVar("T")
JOINS = "joins"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every row of a feature: a UUIDv7 key that exists from the moment the object does."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={
            UUID: Uuid(),
            str: Text(),
            bytes: LargeBinary(),
            date: Date(),
            datetime: DateTime(timezone=True),
            StrEnum: Enum(
                StrEnum,
                native_enum=False,
                create_constraint=True,
                length=40,
                values_callable=lambda kind: [str(member) for member in kind],
            ),
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)

    def __init__(self, **values: Any) -> None:
        # The id comes first: what is sealed is sealed for the row that it names.
        given = {"id": values.pop("id", None) or new_id(), **values}
        for name, value in given.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name}")
            setattr(self, name, value)


class _Session(Session):
    """Works on the connection that its transaction has taken already, where it has (`hot`)."""

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        """The engine, or what to join."""
        found = super().get_bind(*args, **options)
        joined: Callable[[Engine], Connection] | None = g.get(JOINS)
        return joined(found) if joined and isinstance(found, Engine) else found


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": _Session})


def driver_url(url: str) -> str:
    """The libpq-style URL as SQLAlchemy wants it, with psycopg 3 as the driver."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def engine_options(pool: int) -> Mapping[str, Any]:
    """`pool` connections a process; bounds of 10 s a statement, 5 s a lock, 30 s idle."""
    limits = (
        "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    )
    return {
        "pool_size": pool,
        "max_overflow": pool,
        "pool_timeout": 5,
        "pool_recycle": 1800,
        "pool_use_lifo": True,
        "hide_parameters": True,
        # If psycopg prepared statements, each ROLLBACK would make it drop all of a connection,
        # those of the hot path (kernel/wire.py) included.
        "connect_args": {"connect_timeout": 5, "options": limits, "prepare_threshold": None},
    }


@contextmanager
def owner(url: str) -> Iterator[Connection]:
    """One transaction of a command that an operator runs as the role that owns the database."""
    limits = (
        "-c statement_timeout=60s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    )
    engine = create_engine(
        driver_url(url),
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"connect_timeout": 5, "options": limits},
    )
    with engine.begin() as connection:
        yield connection


def one(statement: Select[T]) -> T:
    """The only row of `statement`; raises `NotFound` (also for what may not be seen)."""
    row = db.session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    if (resident := getattr(row, "resident_id", None)) is not None:
        looked_at().add(resident)
    return row


def looked_at() -> set[UUID]:
    """The residents whose rows were read one by one in this transaction.

    A refusal that follows tells something about them.
    """
    found: set[UUID] = g.setdefault("looked_at", set())
    return found


def held(statement: Select[T]) -> T:
    """As `one`, locked until the commit: the second of two acts sees what the first one did."""
    return one(statement.with_for_update().execution_options(populate_existing=True))
