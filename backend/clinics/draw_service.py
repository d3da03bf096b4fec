"""The draw itself: held once, by whichever process comes first, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.clinics import lottery_queries as queries
from backend.clinics.claim import Manner
from backend.clinics.errors import NotReleased, SeatsKept, SessionFull, SessionNotHeld, SessionOver
from backend.clinics.lottery_events import DrawHeld, DrawLost, DrawVoided, EntryVoided
from backend.clinics.lottery_models import (
    LotteryDraw,
    LotteryEntry,
    LotteryList,
    LotteryOutcome,
    LotteryRank,
    LotteryResult,
)
from backend.clinics.lottery_rules import commitment, digest, lottery_of, ranking, void_from
from backend.clinics.models import BookingOrigin, ClinicSession, Quota, Seat, SessionState
from backend.clinics.offering import book_for
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.errors import Conflict
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock

NONE_LEFT = (SessionFull, SeatsKept, NotReleased, SessionOver, SessionNotHeld)
ONE_AT_A_TIME = "clinics.draw"


@dataclass
class _Awards:
    """What each ticket gets, in the order of the draw, while seats are left."""

    ctx: Context
    session_id: UUID
    are_left: bool = True
    won: int = 0
    ranks: list[dict[str, object]] = field(default_factory=list)

    def give(self, ticket: UUID, entry: LotteryEntry | None) -> None:
        """A seat, or the reason why the next one has it."""
        outcome, why = LotteryOutcome.NOT_DRAWN, None
        if self.are_left:
            outcome, why = self._try(entry)
        self.won += outcome is LotteryOutcome.WON
        self.ranks.append({"ticket": ticket, "outcome": outcome, "why": why})

    def _try(self, entry: LotteryEntry | None) -> tuple[LotteryOutcome, str | None]:
        if entry is None or entry.left_at or identity.is_closed(entry.resident_id):
            return LotteryOutcome.PASSED_OVER, "gone"
        manner = Manner(
            person=entry.resident_id,
            origin=BookingOrigin.LOTTERY,
            quotas=(Quota.OPEN, Quota.SIGNED),
            is_first=True,
        )
        try:
            with db.session.begin_nested():
                book_for(self.ctx, self.session_id, manner)
        except NONE_LEFT:
            self.are_left = False
            return LotteryOutcome.NOT_DRAWN, None
        except Conflict as refusal:
            return LotteryOutcome.PASSED_OVER, refusal.code
        return LotteryOutcome.WON, None


@admitted(by_clock)
def hold_draw(ctx: Context, draw_id: UUID) -> bool:
    """Draw, give the seats, reveal the seed; whether this call did it.

    Void where the session is not held, where it comes too late, or where the closed list or the
    seed is not what was published.
    """
    # Draws hold one another up, so that none waits for a person whom another one has booked.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(ONE_AT_A_TIME))))
    draw = one(select(LotteryDraw).where(LotteryDraw.id == draw_id))
    session = one(select(ClinicSession).where(ClinicSession.id == draw.session_id))
    tickets = queries.listed(draw_id)
    wrong = _wrong(ctx, draw, session, tickets)
    seed = None if wrong else bytes.fromhex(draw.seed or "")
    if not _first(ctx, draw, seed):
        return False
    if seed is None:
        _void(ctx, draw, wrong or "")
    else:
        _give(ctx, draw, ranking(seed, tickets))
    _release_rest(ctx, draw)
    return True


def _wrong(
    ctx: Context, draw: LotteryDraw, session: ClinicSession, tickets: Mapping[UUID, int]
) -> str | None:
    if session.state is not SessionState.OPEN:
        return "session-cancelled"
    if ctx.at >= void_from(draw.rest_at, session.starts_at, lottery_of(ctx.region)):
        return "draw-late"
    published = db.session.execute(select(LotteryList.digest).filter_by(draw_id=draw.id)).scalar()
    if published is None or published != digest(tickets):
        return "list-changed"
    is_own = commitment(bytes.fromhex(draw.seed or "")) == draw.commitment
    return None if is_own else "seed-changed"


def _first(ctx: Context, draw: LotteryDraw, seed: bytes | None) -> bool:
    """Whether no other process has held it: one that is doing so is waited for."""
    row = insert(LotteryResult).values(
        id=new_id(), draw_id=draw.id, is_void=seed is None, seed=seed, drawn_at=ctx.at
    )
    made = row.on_conflict_do_nothing().returning(LotteryResult.id)
    return db.session.execute(made).first() is not None


def _give(ctx: Context, draw: LotteryDraw, order: Sequence[UUID]) -> None:
    found = select(LotteryEntry).where(LotteryEntry.draw_id == draw.id)
    entries = {row.ticket: row for row in db.session.execute(found).scalars()}
    awards = _Awards(ctx, draw.session_id)
    for ticket in order:
        awards.give(ticket, entries.get(ticket))
    rows = [
        {"id": new_id(), "draw_id": draw.id, "rank": rank} | row
        for rank, row in enumerate(awards.ranks, 1)
    ]
    if rows:
        db.session.execute(insert(LotteryRank), rows)
    won = {row["ticket"] for row in rows if row["outcome"] is LotteryOutcome.WON}
    lost = [entries[ticket] for ticket in order if ticket in entries and ticket not in won]
    told = [DrawLost(row.resident_id, row.id, row.session_id) for row in lost if not row.left_at]
    record(ctx, DrawHeld(draw.id, draw.session_id, awards.won), *told)


def _void(ctx: Context, draw: LotteryDraw, why: str) -> None:
    told = [
        EntryVoided(row.resident_id, row.id, row.session_id) for row in queries.taking_part(draw.id)
    ]
    record(ctx, DrawVoided(draw.id, draw.session_id, why), *told)


def _release_rest(ctx: Context, draw: LotteryDraw) -> None:
    """What is left is anybody's from the published hour on, or from now if that is later."""
    drawn = (Seat.session_id == draw.session_id) & (Seat.quota == Quota.OPEN)
    waiting = drawn & Seat.came_back_at.is_(None)
    db.session.execute(update(Seat).where(waiting).values(releases_at=None))
    own = update(ClinicSession).where(ClinicSession.id == draw.session_id)
    db.session.execute(own.values(releases_at=max(ctx.at, draw.rest_at)))
