"""What draws hold of a person: told, foreseen, left, erased. What is published names tickets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from backend.clinics.lottery_models import LotteryEntry, LotteryResult
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.subjects import Consequence, Record, rows_of, told


def tell(resident_id: UUID) -> Sequence[Record]:
    """What the person took part in."""
    return told(rows_of(LotteryEntry, LotteryEntry.resident_id == resident_id))


def ahead(ctx: Context, resident_id: UUID) -> list[Consequence]:
    """The draws that are not held yet."""
    shown = _in_draws(resident_id) & sensitive.shown(ctx, LotteryEntry.id)
    return [Consequence(row.id, "退出还没有开始的摇号") for row in rows_of(LotteryEntry, shown)]


def leave_all(ctx: Context, resident_id: UUID) -> None:
    """Take part in none of them; a ticket on a closed list is passed over."""
    left = update(LotteryEntry).where(_in_draws(resident_id)).values(left_at=ctx.at)
    db.session.execute(left.execution_options(synchronize_session="fetch"))


def forget(resident_id: UUID) -> None:
    """Let the tickets be nobody's."""
    db.session.execute(delete(LotteryEntry).where(LotteryEntry.resident_id == resident_id))


def _in_draws(resident_id: UUID) -> ColumnElement[bool]:
    held = select(LotteryResult.id).where(LotteryResult.draw_id == LotteryEntry.draw_id).exists()
    own = (LotteryEntry.resident_id == resident_id) & LotteryEntry.left_at.is_(None)
    return own & ~held
