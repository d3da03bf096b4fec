"""Draws for scarce seats: announced, joined, closed, held."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend.clinics import lottery_queries as queries
from backend.clinics import policy
from backend.clinics.errors import Resting, SessionNotHeld
from backend.clinics.lottery_classes import priorities
from backend.clinics.lottery_errors import AlreadyJoined, JoiningClosed, NotOpenYet
from backend.clinics.lottery_events import (
    DrawAnnounced,
    DrawClosed,
    DrawForgone,
    DrawJoined,
    DrawLeft,
)
from backend.clinics.lottery_models import LotteryDraw, LotteryEntry, LotteryList, LotteryTicket
from backend.clinics.lottery_queries import Entry
from backend.clinics.lottery_rules import SEED_BYTES, commitment, digest, lottery_of, void_from
from backend.clinics.models import (
    TOGETHER,
    Allocation,
    ClinicSession,
    Quota,
    Roster,
    Seat,
    SessionState,
)
from backend.clinics.rules import Kept, kept_seats, policy_of, releases_at
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.errors import NotForProxies, NotNow
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, by_clock, permitted
from backend.kernel.sensitive import Traits

DRAWN_QUOTAS = (Quota.OPEN, Quota.SIGNED)
# A family member hears nothing of missed seats, some of which may be kept from them.
NOT_FOR_YOU = "现在不能代为报名摇号，请由本人办理。"


@admitted(by_clock)
def announce_draw(ctx: Context, session_id: UUID) -> bool:
    """Make a seed, seal it, publish its SHA-256; the seats wait for the draw.

    Too near to the session there is no draw: its seats go to whoever comes first.
    """
    session = held(select(ClinicSession).where(ClinicSession.id == session_id))
    window = queries.window_of(ctx, session)
    if window is None:
        session.allocation = Allocation.FIRST_COME
        session.releases_at = releases_at(session.starts_at, policy_of(ctx.region))
        _forgo(ctx, session)
        record(ctx, DrawForgone(session.id))
        return False
    seed = secrets.token_bytes(SEED_BYTES)
    draw = LotteryDraw(
        session_id=session.id,
        commitment=commitment(seed),
        seed=seed.hex(),
        made_at=ctx.at,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        draws_at=window.draws_at,
        rest_at=window.rest_at,
    )
    db.session.add(draw)
    session.is_scarce, session.releases_at = True, window.rest_at
    _release(session, void_from(window.rest_at, session.starts_at, lottery_of(ctx.region)))
    record(ctx, DrawAnnounced(draw.id, session.id, draw.commitment.hex()))
    return True


def _forgo(ctx: Context, session: ClinicSession) -> None:
    """Without a draw, contracts have the seats that any other session keeps for them."""
    kept = kept_seats(
        session.starts_at, session.capacity, policy_of(ctx.region), counts=_counts(session)
    )
    signed = (each for each in kept if each.quota == Quota.SIGNED)
    drawn = select(Seat).where(Seat.session_id == session.id, Seat.quota.in_(DRAWN_QUOTAS))
    for seat in db.session.execute(drawn.order_by(Seat.number)).scalars():
        of = next(signed, Kept())
        seat.quota, seat.releases_at, seat.flows_at = Quota(of.quota), of.releases_at, of.flows_at


def _counts(session: ClinicSession) -> Mapping[str, int] | None:
    roster = session.roster_id and db.session.get(Roster, session.roster_id)
    own = roster.quotas if roster else None
    return own or ({} if session.service in TOGETHER else None)


def _release(session: ClinicSession, at: datetime) -> None:
    """Seats that are drawn are nobody's by booking before `at`; contracts give a class instead."""
    drawn = (Seat.session_id == session.id) & Seat.quota.in_(DRAWN_QUOTAS)
    changed = {"releases_at": at, "quota": Quota.OPEN, "flows_at": None}
    db.session.execute(update(Seat).where(drawn).values(changed))


@admitted(policy.to_book)
def join_draw(ctx: Context, session_id: UUID, *, wants_waiting: bool) -> Entry:
    """Take part in a session's draw, once a person; raises `NotOpenYet`, `JoiningClosed` …

    When one joins within the window changes nothing.
    """
    draw = one(select(LotteryDraw).where(LotteryDraw.session_id == session_id))
    queries.share(session_id)
    session = one(select(ClinicSession).where(ClinicSession.id == session_id))
    if sensitive.is_kept(ctx, Traits(specialty=session.specialty)):
        raise NotForProxies
    if session.state is not SessionState.OPEN:
        raise SessionNotHeld
    if ctx.at < draw.opens_at:
        raise NotOpenYet
    if ctx.at >= draw.closes_at or queries.is_listed(draw.id):
        raise JoiningClosed
    if queries.is_resting(ctx):
        raise Resting if ctx.proxy is None else NotNow(NOT_FOR_YOU)
    entry_id = _enter(ctx, draw, session, wants_waiting)
    sensitive.mark(ctx, ctx.person, [entry_id], Traits(specialty=session.specialty))
    record(ctx, DrawJoined(ctx.person, entry_id, session_id))
    return queries.entry(ctx, entry_id)


def _enter(ctx: Context, draw: LotteryDraw, session: ClinicSession, wants_waiting: bool) -> UUID:
    place, reason = priorities(ctx, session, [ctx.person])[ctx.person]
    row = insert(LotteryEntry).values(
        id=new_id(),
        draw_id=draw.id,
        session_id=session.id,
        resident_id=ctx.person,
        ticket=uuid4(),  # random: a key that tells the time would tell who joined when
        priority=place,
        reason=reason,
        wants_waiting=wants_waiting,
        joined_at=ctx.at,
        by_kinship=ctx.by_kinship,
    )
    made = row.on_conflict_do_nothing().returning(LotteryEntry.id)
    entry_id = db.session.execute(made).scalar()
    if entry_id is None:
        raise AlreadyJoined
    return entry_id


@permitted(policy.own_entry)
def leave_draw(ctx: Context, entry: LotteryEntry) -> Entry:
    """Take part no longer, while the list is open; raises `JoiningClosed`."""
    draw = one(select(LotteryDraw).where(LotteryDraw.id == entry.draw_id))
    is_over = entry.left_at is not None or ctx.at >= draw.closes_at
    if is_over or queries.is_listed(draw.id):
        raise JoiningClosed
    entry.left_at = ctx.at
    record(ctx, DrawLeft(entry.resident_id, entry.id, entry.session_id))
    return queries.entry(ctx, entry.id)


@admitted(by_clock)
def close_list(ctx: Context, draw_id: UUID) -> bool:
    """Freeze who takes part and publish the digest; whether it was still open.

    Classes are judged anew, for everybody at the same instant.
    """
    draw = one(select(LotteryDraw).where(LotteryDraw.id == draw_id))
    # Whoever is joining or leaving at this moment has ended before the row is ours.
    session = held(select(ClinicSession).where(ClinicSession.id == draw.session_id))
    if ctx.at < draw.closes_at or queries.is_listed(draw_id):
        return False
    tickets = _judged_anew(ctx, draw, session)
    rows = [
        {"id": new_id(), "draw_id": draw_id, "ticket": ticket, "priority": place}
        for ticket, place in tickets.items()
    ]
    if rows:
        db.session.execute(insert(LotteryTicket), rows)
    final = digest(tickets)
    db.session.add(LotteryList(draw_id=draw_id, digest=final, entries=len(rows), closed_at=ctx.at))
    record(ctx, DrawClosed(draw_id, session.id, final.hex(), len(rows)))
    return True


def _judged_anew(ctx: Context, draw: LotteryDraw, session: ClinicSession) -> dict[UUID, int]:
    entries = queries.taking_part(draw.id)
    places = priorities(ctx, session, [entry.resident_id for entry in entries])
    for entry in entries:
        entry.priority, entry.reason = places[entry.resident_id]
    return {entry.ticket: entry.priority for entry in entries}
