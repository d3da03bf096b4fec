"""A specialist's session that closes, the people in it, and what is told to whom."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from clinic_builders import a_roster, a_session, at
from contract_builders import a_centre
from people import a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import select, text

from backend import clinics, messaging, network
from backend.kernel import entry
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from jobs import relay

DAY = timedelta(days=1)


@dataclass
class Cascade:
    """A house with its manager and its desk, a session tomorrow at nine, somebody with a seat."""

    capacity: int = 20
    specialty: str = "心内科"
    house: network.Institution = field(default_factory=a_centre)

    def __post_init__(self) -> None:
        self.boss = a_member_of_staff(Role.MANAGER, "钱主任", self.house.id)
        self.nurse = a_member_of_staff(Role.NURSE, "俞小满", self.house.id)
        self.old = self.another(0)
        self.person = a_resident()
        self.booked = clinics.book(by(self.person), self.old.id)

    def another(
        self,
        days: int,
        hour: int = 9,
        *,
        house: network.Institution | None = None,
        capacity: int | None = None,
        **facts: Any,
    ) -> clinics.ClinicSession:
        """A session some days after the first one, in this house unless said otherwise."""
        begin = at(entry.moment(), days=1 + days, hour=hour)
        plain = {"specialty": self.specialty, "weekday": begin.isoweekday()}
        roster = a_roster(house or self.house, **plain | facts)
        return a_session(roster, starts_at=begin, capacity=capacity or self.capacity)

    @property
    def manager(self) -> Context:
        """The manager, now."""
        return by(self.boss)

    @property
    def desk(self) -> Context:
        """The nurse at the desk, now."""
        return by(self.nurse)

    @property
    def me(self) -> Context:
        """Who has the seat, now."""
        return by(self.person)

    def close(self, *, relayed: bool = True) -> None:
        """The specialist does not come."""
        clinics.cancel_session(self.manager, self.old, "专家外出会诊")
        if relayed:
            follow()

    def row(self) -> clinics.cascade.Displacement:
        """What is kept of the person."""
        found = select(clinics.cascade.Displacement).filter_by(booking_id=self.booked.id)
        fresh = found.execution_options(populate_existing=True)
        return db.session.execute(fresh).scalar_one()

    def offer(self) -> clinics.Booking | None:
        """The seat that is kept for the person."""
        kept = self.row().offer_id
        if kept is None:
            return None
        found = select(clinics.Booking).where(clinics.Booking.id == kept)
        fresh = found.execution_options(populate_existing=True)
        return db.session.execute(fresh).scalar_one()

    def hold(self) -> clinics.cascade.Displacement:
        """The row, locked by the person."""
        return clinics.cascade.hold_displacement(self.me, self.booked.id)

    def hold_at_desk(self) -> clinics.cascade.Displacement:
        """The row, locked by the desk."""
        return clinics.cascade.hold_displaced(self.desk, self.row().id)


def follow() -> None:
    """Everything that follows, until nothing does."""
    db.session.flush()
    # What was local to the manager's transaction is still there in the test's own.
    db.session.execute(text("SELECT set_config('jiayi.houses', '', true)"))
    while relay.drain():
        pass
    db.session.expire_all()


def look_again() -> int:
    """What the job does each minute, in the test's own session; returns how many have a seat."""
    ctx = by_itself()
    return sum(clinics.cascade.seek(ctx, each) for each in clinics.cascade.due(ctx))


def messages(kind: messaging.MessageKind | None = None) -> Counter[str]:
    """What waits to be sent, by kind."""
    found = select(messaging.Message.kind).where(messaging.Message.state == messaging.State.QUEUED)
    if kind is not None:
        found = found.where(messaging.Message.kind == kind)
    return Counter(str(each) for each in db.session.execute(found).scalars())


def load(session: clinics.ClinicSession) -> tuple[int, int, int]:
    """What the counter says, live bookings, seats taken."""
    db.session.flush()
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.refresh(session)
    live = select(clinics.Booking.id).filter_by(session_id=session.id, ended_at=None)
    seats = clinics.seats(by_itself(), session.id)
    gone = sum(not seat.is_free for seat in seats)
    return session.taken, len(db.session.execute(live).all()), gone
