"""What we tell who took part in a draw; whoever won hears of the booking."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend import identity, messaging
from backend.clinics import waiting_service
from backend.clinics.errors import AlreadyBooked, SessionNotHeld, SessionOver, TooLate
from backend.clinics.lottery_events import DrawLost, EntryVoided
from backend.clinics.lottery_models import LotteryEntry, LotteryOutcome, LotteryRank, LotteryResult
from backend.clinics.models import ClinicSession
from backend.clinics.waiting_errors import TooManyWaiting
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.messaging import MessageKind, To

NOTHING_TO_WAIT_FOR = (TooManyWaiting, AlreadyBooked, SessionNotHeld, SessionOver, TooLate)
log = structlog.get_logger(__name__)


def tell_lost(ctx: Context, event: DrawLost) -> None:
    """Not drawn: what can be done next."""
    _tell(ctx, event.entry_id, MessageKind.DRAW_LOST)


def tell_void(ctx: Context, event: EntryVoided) -> None:
    """There was no draw: look for another session."""
    _tell(
        ctx, event.entry_id, MessageKind.SESSION_CHANGED, f"pages/draws/detail?id={event.entry_id}"
    )


def wait_on(ctx: Context, event: DrawLost) -> None:
    """Who said so waits for a seat that comes free, in the order of the draw."""
    found = select(LotteryRank.rank, LotteryResult.drawn_at, LotteryEntry.wants_waiting)
    of_entry = found.join(LotteryEntry, LotteryEntry.ticket == LotteryRank.ticket).where(
        LotteryEntry.id == event.entry_id, LotteryRank.outcome == LotteryOutcome.NOT_DRAWN
    )
    of_draw = of_entry.join(LotteryResult, LotteryResult.draw_id == LotteryRank.draw_id)
    row = db.session.execute(of_draw).one_or_none()
    if row is None or not row.wants_waiting or identity.is_closed(event.resident_id):
        return
    since = row.drawn_at + timedelta(microseconds=row.rank)
    try:
        waiting_service.wait_after_draw(ctx, event.resident_id, event.session_id, since)
    except NOTHING_TO_WAIT_FOR as refusal:
        log.info("does not wait after a draw", entry=str(event.entry_id), code=refusal.code)


def _tell(ctx: Context, entry_id: UUID, kind: MessageKind, page: str | None = None) -> None:
    entry = db.session.get(LotteryEntry, entry_id)
    if entry is None:  # erased since
        return
    found = select(ClinicSession).where(ClinicSession.id == entry.session_id)
    session = one(found.options(joinedload(ClinicSession.institution)))
    values = {"time": messaging.as_time(session.starts_at), "place": session.institution.name}
    to = To.resident(entry.resident_id)
    messaging.queue(ctx, kind, to, entry.id, occasion=kind, values=values, page=page)
