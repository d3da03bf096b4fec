"""Which prescriptions are of a sensitive category by today's edition."""

from uuid import UUID

from sqlalchemy import Select, func, select

from backend import identity
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.policy import admitted, by_clock
from backend.kernel.sensitive import Category, begins
from backend.prescriptions.models import (
    FormularyDrug,
    Prescription,
    PrescriptionLine,
    prescription_wish,
)


@admitted(by_clock)
def relabel(ctx: Context) -> int:
    """Label some that a new edition tells more of; returns how many."""
    return sensitive.relabel(ctx, _of)


def _of(category: Category) -> Select[UUID, UUID]:
    """By what was wished for, what was prescribed in any issue, and why."""
    drugs = select(FormularyDrug.id).where(begins(FormularyDrug.atc, category.drugs))
    wish, line = prescription_wish.c, PrescriptionLine
    wished = select(wish.prescription_id).where(wish.drug_id.in_(drugs))
    given = select(line.prescription_id).where(line.drug_id.in_(drugs))
    code = func.unnest(Prescription.diagnoses).column_valued("code")
    diagnosed = select(code).where(begins(code, category.diagnoses)).exists()
    belongs = Prescription.id.in_(wished) | Prescription.id.in_(given) | diagnosed
    found = select(Prescription.id, Prescription.resident_id)
    return found.where(belongs, identity.is_open(Prescription.resident_id))
