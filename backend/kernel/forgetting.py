"""Dropping what is kept for a while only: some hundreds of rows a commit, so that nobody waits."""

from typing import cast

from sqlalchemy import ColumnElement, FromClause, Table, delete, select, update

from backend.kernel.database import db

AT_ONCE = 500


def forget(table: FromClause, old: ColumnElement[bool], limit: int = AT_ONCE) -> int:
    """Delete up to `limit` rows that are old; returns how many.

    What was renewed while this waited is judged anew, and stays.
    """
    kept = cast(Table, table)
    gone = delete(kept).where(_some(kept, old, limit), old).returning(kept.c.id)
    return len(db.session.execute(gone).all())


def blank(table: FromClause, old: ColumnElement[bool], *names: str, limit: int = AT_ONCE) -> int:
    """Empty these columns of up to `limit` rows that are old; returns how many."""
    kept = cast(Table, table)
    values = dict.fromkeys(names)
    gone = update(kept).where(_some(kept, old, limit), old).values(values).returning(kept.c.id)
    return len(db.session.execute(gone).all())


def _some(table: Table, old: ColumnElement[bool], limit: int) -> ColumnElement[bool]:
    return table.c.id.in_(select(table.c.id).where(old).limit(limit).scalar_subquery())
