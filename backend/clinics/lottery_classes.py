"""Who is drawn before others, and why: judged for many people at once."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select

from backend import identity
from backend.clinics.lottery_models import (
    LotteryEntry,
    LotteryOutcome,
    LotteryRank,
    LotteryResult,
)
from backend.clinics.lottery_rules import lottery_of, priority
from backend.clinics.models import ClinicSession
from backend.kernel.calendar import age_on
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.relations import Kind, Relation, in_force


def priorities(
    ctx: Context, session: ClinicSession, people: Collection[UUID]
) -> Mapping[UUID, tuple[int, str]]:
    """The class of each person and its reason, as of now."""
    rules = lottery_of(ctx.region)
    signed, lost = _signed(ctx, people), _lost(ctx, session, people)
    born = {key: row.birth_date for key, row in identity.residents(ctx, people).items()}
    return {
        person: priority(
            rules,
            is_signed=person in signed,
            age=age_on(born[person], session.day) if person in born else 0,
            lost_draws=lost.get(person, 0),
        )
        for person in people
    }


def _signed(ctx: Context, people: Collection[UUID]) -> frozenset[UUID]:
    found = select(Relation.resident_id).where(
        Relation.resident_id.in_(people), Relation.kind == Kind.SIGNED, in_force(ctx)
    )
    return frozenset(db.session.execute(found).scalars())


def _lost(ctx: Context, session: ClinicSession, people: Collection[UUID]) -> Mapping[UUID, int]:
    """How often in a row, in draws of this specialty; whoever won begins anew."""
    since = lottery_of(ctx.region).lost_within
    found = (
        select(LotteryEntry.resident_id, LotteryRank.outcome)
        .join(LotteryRank, LotteryRank.ticket == LotteryEntry.ticket)
        .join(LotteryResult, LotteryResult.draw_id == LotteryEntry.draw_id)
        .join(ClinicSession, ClinicSession.id == LotteryEntry.session_id)
        .where(LotteryEntry.resident_id.in_(people), LotteryResult.drawn_at > ctx.at - since)
        .where(ClinicSession.specialty == session.specialty)
        .order_by(LotteryResult.drawn_at)
    )
    lost: dict[UUID, int] = {}
    for person, outcome in db.session.execute(found):
        if outcome is not LotteryOutcome.PASSED_OVER:
            won = outcome is LotteryOutcome.WON
            lost[person] = 0 if won else lost.get(person, 0) + 1
    return lost
