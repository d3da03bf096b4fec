"""Business time. Only entry points read it; leases, tokens and back-off use real time."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from flask import current_app
from sqlalchemy import text

from backend.kernel.database import db
from backend.kernel.errors import Conflict, Forbidden

_REMEMBERED_S = 0.2


class Clock(Protocol):
    """Tells an entry point what time it is."""

    def now(self) -> datetime:
        """The business instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The business instant, aware, UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock of tests: it stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The business instant, aware, UTC."""
        return self.at


class ShiftedClock:
    """The machine's clock plus the offset that all processes of a demo share in the database."""

    def __init__(self) -> None:
        self._offset, self._read_at = timedelta(), -_REMEMBERED_S

    def now(self) -> datetime:
        """The business instant, aware, UTC; at most 0.2 s behind a shift made elsewhere."""
        if time.monotonic() - self._read_at >= _REMEMBERED_S:
            self._offset, self._read_at = _offset(), time.monotonic()
        return datetime.now(UTC) + self._offset


def real_time() -> datetime:
    """The machine's instant, for what people cannot shift: back-off and one-time codes."""
    return datetime.now(UTC)


def since(instant: datetime) -> timedelta:
    """Real time gone by since `instant`."""
    return datetime.now(UTC) - instant


class ClockGoesForward(Conflict):
    """The business clock was asked to go back."""

    code = "clock-goes-forward"
    title = "演示时间只能向前"
    advice = "请选择一个更晚的时间。"


class ClockIsReal(Forbidden):
    """In production nobody moves the clock."""

    code = "clock-is-real"
    title = "正式环境不能调整时间"
    advice = "只有演示环境可以调整业务时间。"


def shift(to: datetime) -> datetime:
    """Move the business clock of a demo forward to `to`; raises `ClockGoesForward`."""
    set_shift(to - datetime.now(UTC))
    return to


def set_shift(wanted: timedelta) -> None:
    """Let business time run `wanted` ahead of real time.

    Raises `ClockIsReal` outside demo and tests, `ClockGoesForward` for less than before.
    """
    if not current_app.extensions["settings"].time_may_be_shifted:
        raise ClockIsReal
    moved = text("UPDATE business_clock SET shift = :shift WHERE shift <= :shift RETURNING one")
    if db.session.execute(moved, {"shift": wanted}).first() is None:
        raise ClockGoesForward


def get_shift() -> timedelta:
    """How far business time runs ahead of real time, in the caller's transaction."""
    offset: timedelta = db.session.execute(_SHIFT).scalar_one()
    return offset


_SHIFT = text("SELECT shift FROM business_clock")


def _offset() -> timedelta:
    # A connection of its own: reading the time must not begin the caller's transaction.
    with db.engine.connect() as connection:
        offset: timedelta = connection.execute(_SHIFT).scalar_one()
    return offset
