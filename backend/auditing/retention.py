"""Months of the log: made ahead of need, and dropped when they have been kept long enough."""

from datetime import date

from sqlalchemy import text

from backend.auditing.models import retired
from backend.auditing.rules import may_retire
from backend.kernel.calendar import shanghai_date
from backend.kernel.database import db

MONTHS_AHEAD = 6
_MAKE = text("SELECT audit_make_months(:first, :months)")
_NEWEST = text(
    "SELECT max(substring(c.relname FROM '\\d{6}$')) FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'disclosure'::regclass"
)


class TooYoung(Exception):
    """The month has not been kept for three years, or something of it is not sealed yet."""


def make_months(today: date) -> int:
    """Have a partition for this month and the six that follow; returns how many are new."""
    told = {"first": today.replace(day=1), "months": MONTHS_AHEAD + 1}
    return int(db.session.execute(_MAKE, told).scalar_one())


def months_ahead(today: date) -> float:
    """How many months after this one have a partition of their own."""
    newest = str(db.session.execute(_NEWEST).scalar_one())
    return float((int(newest[:4]) - today.year) * 12 + int(newest[4:]) - today.month)


def retire(month: date) -> int:
    """Drop a month's disclosures and entries, keeping its seals; returns how many rows went.

    For the owner of the tables. Raises `TooYoung` (by the database's clock).
    """
    now = db.session.execute(text("SELECT now()")).scalar_one()
    if not may_retire(month, shanghai_date(now)) or _waits(month):
        raise TooYoung(f"{month:%Y-%m}")
    rows = db.session.execute(text(f"SELECT count(*) FROM disclosure_{month:%Y%m}")).scalar_one()  # noqa: S608  # nosec B608 — a date
    newest = "SELECT root FROM audit_seal ORDER BY number DESC LIMIT 1"
    root = db.session.execute(text(newest)).scalar_one()
    db.session.execute(retired.insert().values(month=month, disclosures=rows, root=root))
    for table in ("disclosure", "audit_entry"):
        db.session.execute(text(f"DROP TABLE {table}_{month:%Y%m}"))
    return int(rows)


def _waits(month: date) -> bool:
    words = (
        "SELECT EXISTS (SELECT FROM disclosure_unsealed"
        " WHERE to_char(at AT TIME ZONE 'Asia/Shanghai', 'YYYYMM') = :month)"
    )
    return bool(db.session.execute(text(words), {"month": f"{month:%Y%m}"}).scalar_one())
