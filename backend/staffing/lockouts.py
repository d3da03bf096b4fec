"""Failures in a row, counted under a lock; names that nobody has are counted like any other."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.kernel.clock import real_time
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.forgetting import forget
from backend.kernel.ids import new_id
from backend.staffing.errors import Shut
from backend.staffing.models import Lockout
from backend.staffing.rules import FORGIVEN_AFTER, back_off

LOGIN, CODE, PASSWORD = "login", "step-up", "password"


def key(purpose: str, who: object) -> bytes:
    """What failures are counted under; nobody reads a login name from it."""
    return keyring().index(str(who), f"lockout-{purpose}")


def require_open(counted: bytes) -> None:
    """As `require_passed`, before anything is judged: it costs no hash, and counts nothing."""
    found = select(Lockout).where(Lockout.key == counted)
    row = db.session.execute(found).scalar_one_or_none()
    if row is not None:
        require_passed(row)


def hold(counted: bytes) -> Lockout:
    """The count, locked: of guesses made at once each sees what those before it did."""
    new = insert(Lockout).values(id=new_id(), key=counted, failures=0, failed_at=real_time())
    locked = new.on_conflict_do_update(index_elements=["key"], set_={"key": new.excluded.key})
    kept = select(Lockout).from_statement(locked.returning(Lockout))
    found = db.session.execute(kept, execution_options={"populate_existing": True})
    row: Lockout = found.scalar_one()
    return row


def fail(row: Lockout) -> None:
    """Count one failure; the wait begins anew and is longer."""
    now = real_time()
    row.failures = 1 if now - row.failed_at > FORGIVEN_AFTER else row.failures + 1
    row.failed_at = now
    db.session.flush()


def reset(row: Lockout) -> None:
    """It was right: what failed before is forgotten."""
    row.failures = 0


def forget_before(instant: datetime) -> int:
    """Drop some counts of names that nobody tried since `instant` (real time); returns how many."""
    return forget(Lockout.__table__, Lockout.failed_at < instant)


def require_passed(row: Lockout) -> None:
    """Raise `Shut` while the last failure is too near."""
    left = row.failed_at + back_off(row.failures) - real_time()
    if left > timedelta():
        raise Shut(left)
