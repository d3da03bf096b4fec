"""What we tell who took part in a draw; whoever won hears of the booking."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend import messaging
from backend.clinics.lottery_events import DrawLost, EntryVoided
from backend.clinics.lottery_models import LotteryEntry
from backend.clinics.models import ClinicSession
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.messaging import MessageKind, To


def tell_lost(ctx: Context, event: DrawLost) -> None:
    """Not drawn: what can be done next."""
    _tell(ctx, event.entry_id, MessageKind.DRAW_LOST)


def tell_void(ctx: Context, event: EntryVoided) -> None:
    """There was no draw: look for another session."""
    _tell(
        ctx, event.entry_id, MessageKind.SESSION_CHANGED, f"pages/draws/detail?id={event.entry_id}"
    )


def _tell(ctx: Context, entry_id: UUID, kind: MessageKind, page: str | None = None) -> None:
    entry = db.session.get(LotteryEntry, entry_id)
    if entry is None:  # erased since
        return
    found = select(ClinicSession).where(ClinicSession.id == entry.session_id)
    session = one(found.options(joinedload(ClinicSession.institution)))
    values = {"time": messaging.as_time(session.starts_at), "place": session.institution.name}
    to = To.resident(entry.resident_id)
    messaging.queue(ctx, kind, to, entry.id, occasion=kind, values=values, page=page)
