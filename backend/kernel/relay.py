"""Hands recorded events to their reactions; a reaction may fail alone, and may be run again.

A delivery is claimed, reacted to and marked in one transaction: a process that is killed leaves
its claims free at once, one that is frozen loses them when PostgreSQL ends its idle transaction
after 30 s.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Row, func, select, update

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import Delivery, DeliveryState, EventRow, decode, reactions_to
from backend.kernel.transaction import attempt

log = structlog.get_logger(__name__)

ATTEMPTS = 8
FIRST_PAUSE_S = 1.0

Claim = Row[Delivery, EventRow]


def deliver(at: Callable[[], Context], limit: int = 50) -> int:
    """Hand over up to `limit` due deliveries in the caller's transaction; returns how many."""
    claims = _claim(limit)
    for delivery, event in claims:
        _hand_over(at(), delivery, event)
    return len(claims)


def _claim(limit: int) -> Sequence[Claim]:
    due = (
        select(Delivery, EventRow)
        .join(EventRow, EventRow.id == Delivery.event_id)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.next_at <= func.now())
        .order_by(Delivery.next_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    return db.session.execute(due).all()


def _hand_over(ctx: Context, delivery: Delivery, row: EventRow) -> None:
    delivery_id, attempts = delivery.id, delivery.attempts + 1
    try:
        with attempt():
            event = decode(row.name, row.payload)
            reactions_to(type(event))[delivery.reaction](ctx, event)
            db.session.flush()
    except Exception as failure:
        log.warning(
            "reaction failed",
            reaction=delivery.reaction,
            delivery=str(delivery_id),
            attempts=attempts,
            error=type(failure).__name__,
        )
        _set(delivery, attempts, type(failure).__name__)
    else:
        delivery.state, delivery.attempts, delivery.error = DeliveryState.DONE, attempts, None


def _set(delivery: Delivery, attempts: int, error: str) -> None:
    """Try again later, or set the poison aside for a person to look at."""
    pause = timedelta(seconds=FIRST_PAUSE_S * 2 ** (attempts - 1))
    state = DeliveryState.QUARANTINED if attempts >= ATTEMPTS else DeliveryState.PENDING
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id)
        .values(state=state, attempts=attempts, error=error, next_at=func.now() + pause)
    )


def lag_s() -> float:
    """How long the oldest delivery that is due has been waiting, in seconds (real time)."""
    waiting = select(func.extract("epoch", func.now() - func.min(Delivery.next_at))).where(
        Delivery.state == DeliveryState.PENDING
    )
    return max(0.0, float(db.session.execute(waiting).scalar_one() or 0.0))


def quarantined() -> int:
    """How many deliveries wait for a person."""
    poison = select(func.count()).where(Delivery.state == DeliveryState.QUARANTINED)
    return db.session.execute(poison).scalar_one()
