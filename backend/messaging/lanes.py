"""What each sender says of its lanes, so that an operator sees a breaker [熔断] that is open."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.database import Base, db
from backend.kernel.ids import new_id

ALIVE_S, KEPT_S = 30, 3600


class SendingLane(Base):
    """One lane of one sender as it was when that sender last looked; real time."""

    __tablename__ = "sending_lane"
    __table_args__ = (UniqueConstraint("sender", "lane"),)
    sender: Mapped[str]
    lane: Mapped[str]
    breaker: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


def _ago(seconds: int) -> object:
    return func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def tell(sender: str, breakers: Mapping[str, str]) -> None:
    """Write down how the lanes stand; what nobody said anything of for an hour is forgotten."""
    for lane, breaker in sorted(breakers.items()):
        row = insert(SendingLane).values(id=new_id(), sender=sender, lane=lane, breaker=breaker)
        now = {"breaker": breaker, "seen_at": func.now()}
        db.session.execute(row.on_conflict_do_update(index_elements=["sender", "lane"], set_=now))
    old = select(SendingLane.id).where(SendingLane.seen_at < _ago(KEPT_S))
    free = old.with_for_update(skip_locked=True)
    db.session.execute(delete(SendingLane).where(SendingLane.id.in_(free)))


def numbers() -> Mapping[tuple[str, ...], float]:
    """How many lanes of living senders stand how: (lane, breaker) → number; for metrics."""
    counted = select(SendingLane.lane, SendingLane.breaker, func.count())
    alive = counted.where(SendingLane.seen_at > _ago(ALIVE_S))
    found = db.session.execute(alive.group_by(SendingLane.lane, SendingLane.breaker))
    return {(lane, breaker): many for lane, breaker, many in found}
