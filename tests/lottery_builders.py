"""Draws of the tests."""

from datetime import date, timedelta

from clinic_builders import a_roster, a_session
from clinic_builders import at as day_at
from conftest import FixedClock
from people import a_resident, by, by_itself
from sqlalchemy import select

from backend import clinics, identity
from backend.clinics.lottery_models import LotteryDraw, LotteryRank
from backend.clinics.lottery_rules import SEED_BYTES, commitment
from backend.clinics.models import Allocation
from backend.kernel import entry
from backend.kernel.database import db


def a_lottery(capacity: int = 2, *, days: int = 14, specialty: str = "心内科") -> clinics.Draw:
    """A session in two weeks whose seats are drawn; its commitment is published."""
    roster = a_roster(specialty=specialty)
    begins = day_at(entry.moment(), days=days, hour=9)
    session = a_session(roster, starts_at=begins, capacity=capacity)
    session.allocation, session.is_scarce = Allocation.LOTTERY, True
    db.session.flush()
    clinics.announce_draw(by_itself(), session.id)
    return clinics.draw(by_itself(), session.id)


def an_open_draw(roster: clinics.Roster) -> LotteryDraw:
    """A draw that has been open since this morning, for a session in ten days."""
    now = entry.moment()
    session = a_session(roster, starts_at=day_at(now, days=10, hour=9))
    session.allocation = Allocation.LOTTERY
    closes = now + timedelta(days=2)
    draw = LotteryDraw(
        session_id=session.id,
        commitment=commitment(bytes(SEED_BYTES)),
        seed=bytes(SEED_BYTES).hex(),
        made_at=now - timedelta(hours=2),
        opens_at=now - timedelta(hours=1),
        closes_at=closes,
        draws_at=closes,
        rest_at=closes,
    )
    db.session.add(draw)
    db.session.flush()
    return draw


def opened(clock: FixedClock, draw: clinics.Draw) -> clinics.Draw:
    """The first second of joining."""
    clock.at = draw.opens_at
    return draw


def joined(draw: clinics.Draw, *people: identity.Resident) -> list[clinics.Entry]:
    """These people take part, in this order."""
    return [clinics.join_draw(by(one), draw.session_id, wants_waiting=True) for one in people]


def closed(clock: FixedClock, draw: clinics.Draw) -> clinics.Draw:
    """The list is final."""
    clock.at = draw.closes_at
    clinics.close_list(by_itself(), draw.id)
    return clinics.draw(by_itself(), draw.session_id)


def drawn(clock: FixedClock, draw: clinics.Draw) -> clinics.Draw:
    """The draw was held."""
    closed(clock, draw)
    clock.at = draw.draws_at
    clinics.hold_draw(by_itself(), draw.id)
    return clinics.draw(by_itself(), draw.session_id)


def row_of(draw: clinics.Draw) -> LotteryDraw:
    """What is kept of a draw."""
    return db.session.get_one(LotteryDraw, draw.id)


def people(many: int, born: date = date(1980, 5, 1)) -> list[identity.Resident]:
    """So many, born that day."""
    return [a_resident(f"居民{n}", born) for n in range(many)]


def outcomes(draw: clinics.Draw) -> dict[str, int]:
    """How many tickets came to what."""
    found = db.session.execute(select(LotteryRank.outcome).filter_by(draw_id=draw.id)).scalars()
    told = [str(one) for one in found]
    return {outcome: told.count(outcome) for outcome in told}


def result_of(person: identity.Resident, entry: clinics.Entry) -> clinics.Entry:
    """What a person reads of an entry."""
    return clinics.draw_entry(by(person), entry.id)
