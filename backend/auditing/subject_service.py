"""What is held of a person whose record was opened in an emergency: by whom, why, how judged."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from backend.auditing.models import EmergencyAccess
from backend.kernel import retention
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.retention import Category
from backend.kernel.subjects import Kept, Records, rows_of, told


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Every emergency access with its reason and what the reviewer found."""
    theirs = EmergencyAccess.resident_id == resident_id
    return {"emergency_access": told(rows_of(EmergencyAccess, theirs))}


@admitted(by_clock)
def kept(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """Who opened a stranger's record answers for it; the reason stays with it, sealed."""
    theirs = EmergencyAccess.resident_id == resident_id
    asked = select(func.count(), func.max(EmergencyAccess.begun_at)).where(theirs)
    many, last = db.session.execute(asked).one()
    if not many:
        return []
    until = retention.kept_until(Category.EMERGENCY_ACCESS, shanghai_date(last), ctx.today)
    return [Kept(Category.EMERGENCY_ACCESS, many, until)] if until >= ctx.today else []


@admitted(by_clock)
def erase(ctx: Context, resident_id: UUID) -> None:
    """Nothing before its time; then the row with its words."""
    if not kept(ctx, resident_id):
        retention.expunge(resident_id, Category.EMERGENCY_ACCESS)
