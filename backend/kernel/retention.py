"""How long the law keeps what [保存期限], by category, as dated national figures."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text

from backend.kernel import standards
from backend.kernel.calendar import add_months
from backend.kernel.database import db


class Category(StrEnum):
    """What is kept by law after its purpose has ended."""

    PRESCRIPTION = "prescription"
    HEALTH_RECORD = "health_record"
    CONTRACT = "contract"
    DISCLOSURE = "disclosure"
    EMERGENCY_ACCESS = "emergency_access"


@dataclass(frozen=True)
class Term:
    """For how many months, what it is in plain words, and which rule says so."""

    months: int
    label: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class RetentionStandard(standards.Edition):
    """The national figures."""

    prescription: Term
    health_record: Term
    contract: Term
    disclosure: Term
    emergency_access: Term
    mandate: Term

    def term(self, category: Category) -> Term:
        """The term of a category."""
        found: Term = getattr(self, category)
        return found


RETENTION = standards.load(RetentionStandard, "retention")


def kept_until(category: Category, since: date, today: date) -> date:
    """Name the last day on which what ended on `since` must be kept, by the edition of today."""
    return add_months(since, RETENTION.on(today).term(category).months)


def expunge(resident_id: UUID, category: Category) -> None:
    """Delete what nobody may change of an erased person; the database refuses what must be kept."""
    words = text("SELECT expunge(:person, :category)")
    db.session.execute(words, {"person": resident_id, "category": str(category)})
