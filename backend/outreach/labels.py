"""Which suggestions are of a sensitive category by today's edition."""

from uuid import UUID

from sqlalchemy import Select, false, or_, select

from backend import identity
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.policy import admitted, by_clock
from backend.kernel.sensitive import Category
from backend.outreach.models import Suggestion


@admitted(by_clock)
def relabel(ctx: Context) -> int:
    """Label some that a new edition tells more of; returns how many."""
    return sensitive.relabel(ctx, _of)


def _of(category: Category) -> Select[UUID, UUID]:
    words = (Suggestion.specialty.contains(word, autoescape=True) for word in category.specialties)
    found = select(Suggestion.id, Suggestion.resident_id)
    return found.where(or_(false(), *words), identity.is_open(Suggestion.resident_id))
