"""The one place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager

from backend.kernel import hot
from backend.kernel.database import db
from backend.kernel.errors import LeavesTrace


@contextmanager
def transaction(*, events_last: bool = False) -> Iterator[None]:
    """One request or one item of a job: all of it, or nothing; a `LeavesTrace` keeps what is there.

    With `events_last` the events travel with the COMMIT; nothing in it may read them again.
    """
    try:
        hot.begin(events_last=events_last)
        yield
        _commit()
    except LeavesTrace:
        _commit()
        raise
    except BaseException:
        hot.undo()
        raise
    finally:
        hot.over()


def _commit() -> None:
    try:
        hot.finish()
        if hot.has_session():
            db.session.commit()
        hot.end()
    except BaseException:
        hot.undo()
        raise


@contextmanager
def attempt() -> Iterator[None]:
    """A part that may fail alone, inside a transaction."""
    with db.session.begin_nested():
        yield


@contextmanager
def outside() -> Iterator[None]:
    """A call to somebody else's server: no transaction is open while it lasts.

    What was read before must be read again; raises `RuntimeError` if something was changed before.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("a change is pending before a call to the outside world")
    hot.undo()
    yield
