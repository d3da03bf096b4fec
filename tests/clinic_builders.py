"""Clinics of the tests."""

from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from contract_builders import a_centre
from people import a_member_of_staff
from sqlalchemy import insert

from backend import clinics, identity, network
from backend.clinics.rules import policy_of, releases_at, seat_windows
from backend.kernel import entry
from backend.kernel.calendar import SHANGHAI, shanghai_date
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.ids import new_id


def a_roster(
    house: network.Institution | None = None, expert: identity.Staff | None = None, **facts: Any
) -> clinics.Roster:
    """A cardiologist sits in a centre each Wednesday morning, for twenty people."""
    plain: dict[str, Any] = {
        "institution_id": (house or a_centre()).id,
        "expert_id": (expert or an_expert()).id,
        "specialty": "心内科",
        "service": clinics.Service.OUTPATIENT,
        "room": "二楼3诊室",
        "fee": "按社区标准收取",
        "weekday": 3,
        "begins": time(9),
        "ends": time(11),
        "capacity": 20,
        "starts_on": date(2026, 1, 1),
    }
    roster = clinics.Roster(**plain | facts)
    db.session.add(roster)
    db.session.flush()
    return roster


def an_exception(roster: clinics.Roster, **facts: Any) -> clinics.RosterException:
    """A roster is not held on a Thursday far from now."""
    plain: dict[str, Any] = {
        "roster_id": roster.id,
        "day": date(2027, 3, 4),
        "is_held": False,
        "reason": "外出会议",
        "made_by": new_id(),
        "made_at": entry.moment(),
    }
    exception = clinics.RosterException(**plain | facts)
    db.session.add(exception)
    db.session.flush()
    return exception


def a_feed(house: network.Institution) -> str:
    """The secret of a house's calendar."""
    token = new_id().hex
    manager = a_member_of_staff(Role.MANAGER, "钱主任", house.id)
    made = {"made_by": manager.id, "made_at": entry.moment()}
    hashed = sha256(token.encode()).digest()
    db.session.add(clinics.CalendarFeed(institution_id=house.id, token_hash=hashed, **made))
    db.session.flush()
    return token


def a_holiday(
    day: date = date(2027, 2, 8), *, works: bool = False, name: str = "春节"
) -> network.CalendarDay:
    """A day that a manager has entered."""
    told = {"works": works, "name": name, "entered_by": new_id(), "entered_at": entry.moment()}
    entered = network.CalendarDay(day=day, **told)
    db.session.add(entered)
    db.session.flush()
    return entered


def an_expert(name: str = "陆建明") -> identity.Staff:
    """A cardiologist of the city's hospital."""
    return a_member_of_staff(Role.SPECIALIST, name, title="主任医师")


def a_session(
    roster: clinics.Roster | None = None,
    *,
    starts_at: datetime | None = None,
    hours: float = 2,
    capacity: int = 20,
) -> clinics.ClinicSession:
    """A session with its seats; tomorrow at nine unless said otherwise."""
    of = roster or a_roster()
    begin = starts_at or at(entry.moment(), days=1, hour=9)
    end = begin + timedelta(hours=hours)
    copied = ("institution_id", "expert_id", "specialty", "service", "room", "fee")
    region = entry.now().region
    session = clinics.ClinicSession(
        roster_id=of.id,
        day=shanghai_date(begin),
        starts_at=begin,
        ends_at=end,
        releases_at=releases_at(begin, policy_of(region)),
        capacity=capacity,
        **{name: getattr(of, name) for name in copied},
    )
    db.session.add(session)
    db.session.flush()
    db.session.execute(
        insert(clinics.Seat),
        [
            {"id": new_id(), "session_id": session.id, "number": n, "starts_at": a, "ends_at": b}
            for n, a, b in seat_windows(begin, end, capacity)
        ],
    )
    db.session.refresh(session)
    return session


def a_ward_round(house: network.Institution) -> clinics.ClinicSession:
    """An hour on the ward tomorrow at nine, of which nobody can book a seat."""
    begin = at(entry.moment(), days=1, hour=9)
    facts = {"service": clinics.Service.WARD_ROUND, "capacity": 0, "room": "住院部"}
    of = a_roster(house, weekday=begin.isoweekday(), **facts)
    copied = ("institution_id", "expert_id", "specialty", "service", "room", "fee", "capacity")
    session = clinics.ClinicSession(
        roster_id=of.id,
        day=shanghai_date(begin),
        starts_at=begin,
        ends_at=begin + timedelta(hours=1),
        releases_at=begin,
        **{name: getattr(of, name) for name in copied},
    )
    db.session.add(session)
    db.session.flush()
    db.session.refresh(session)
    return session


def at(instant: datetime, *, days: int = 0, hour: int = 0, minute: int = 0) -> datetime:
    """A time of day in Shanghai, some days after the instant's."""
    local = instant.astimezone(SHANGHAI) + timedelta(days)
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0)


def a_strike(ctx: Context, booking_id: UUID) -> clinics.Strike:
    """A seat that its person did not sit on."""
    booking = db.session.get_one(clinics.Booking, booking_id)
    strike = clinics.Strike(
        booking_id=booking.id,
        resident_id=booking.resident_id,
        kind=clinics.StrikeKind.NO_SHOW,
        at=ctx.at,
        state=clinics.StrikeState.STANDING,
    )
    db.session.add(strike)
    db.session.flush()
    return strike
