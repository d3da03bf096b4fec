"""Failed attempts at an identity, counted in PostgreSQL: an oracle of names answers five times.

The real-name provider is asked outside any transaction, so many may ask at once; what it said is
told one by one under locks on the account and the number, and never beyond the counts.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Uuid, func, or_, select, text

from backend.identity.errors import TooManyAttempts
from backend.kernel.database import Base, db
from backend.kernel.forgetting import forget
from backend.kernel.ids import new_id

PER_ACCOUNT, PER_NUMBER, WITHIN = 5, 10, timedelta(days=1)  # 示例

verification_failure = Table(
    "verification_failure",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_verification_failure_account_id", "account_id", "at"),
    Index("ix_verification_failure_number_index", "number_index", "at"),
)
_ROW = verification_failure.c
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:number, 'hex'), 0))")


def require_left(account_id: UUID, number: bytes) -> None:
    """Raise `TooManyAttempts` if today's are used up, of the account or at the number."""
    theirs: Any = select(
        func.count().filter(_ROW.account_id == account_id),
        func.count().filter(_ROW.number_index == number),
    ).where(
        or_(_ROW.account_id == account_id, _ROW.number_index == number),
        _ROW.at > func.now() - WITHIN,
    )
    by_account, at_number = db.session.execute(theirs).one()
    if by_account >= PER_ACCOUNT or at_number >= PER_NUMBER:
        raise TooManyAttempts


def wait_for_turn(number: bytes) -> None:
    """Let no other answer about this number be told before the commit."""
    db.session.execute(_LOCK, {"number": number})


def note(account_id: UUID, number: bytes) -> None:
    """Count one that failed; it is kept although the request is refused."""
    told = {"id": new_id(), "account_id": account_id, "number_index": number}
    db.session.execute(verification_failure.insert().values(told))


def forget_before_today() -> int:
    """Drop some of what counts no more (real time); returns how many."""
    return forget(verification_failure, _ROW.at <= func.now() - WITHIN)
