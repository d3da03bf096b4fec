"""What outreach holds of a person, and how it ends."""

from uuid import UUID

from sqlalchemy import delete, select

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.subjects import Cause, Records, rows_of, told
from backend.outreach.models import SUGGESTION_LIFE, Suggestion, SuggestionAct, SuggestionRefusal


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """What was suggested, sent or not, and what is wanted no more."""
    wanted_none = SuggestionRefusal.resident_id == resident_id
    return {
        "suggestion": told(rows_of(Suggestion, Suggestion.resident_id == resident_id)),
        "suggestion_refusal": told(rows_of(SuggestionRefusal, wanted_none)),
    }


@admitted(by_clock)
def close(_ctx: Context, resident_id: UUID, _cause: Cause) -> None:
    """Suggest nothing that is not sent yet; messages take theirs back themselves."""
    own = select(Suggestion).where(Suggestion.resident_id == resident_id)
    for row in db.session.execute(own.order_by(Suggestion.id).with_for_update()).scalars():
        if SuggestionAct.DROP in SUGGESTION_LIFE.acts(row.state):
            row.state, row.dropped = SUGGESTION_LIFE.after(row.state, SuggestionAct.DROP), "closed"


@admitted(by_clock)
def erase(_ctx: Context, resident_id: UUID) -> None:
    """All of it."""
    db.session.execute(delete(Suggestion).where(Suggestion.resident_id == resident_id))
    own = SuggestionRefusal.resident_id == resident_id
    db.session.execute(delete(SuggestionRefusal).where(own))
