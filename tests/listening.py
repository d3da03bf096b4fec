"""What the database is asked, word by word."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from backend.kernel.database import db


@contextmanager
def listening() -> Iterator[list[str]]:
    """The statements that are asked meanwhile, without their values."""
    heard: list[str] = []
    hear = lambda _link, _cursor, words, *_rest: heard.append(words)  # noqa: E731
    engine = db.session.connection().engine
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)
