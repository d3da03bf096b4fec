"""A day of a clinic in the tests: a house, its nurse, its expert, and people with seats."""

from datetime import datetime, timedelta
from uuid import UUID

from clinic_builders import a_roster, a_session, an_expert, at
from conftest import MORNING
from contract_builders import a_centre
from people import a_member_of_staff, a_resident, by
from sqlalchemy import select

from backend import clinics, identity
from backend.clinics.check_in_codes import Names, code_of
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db


class Day:
    """A session of twenty seats of six minutes each, today at two in the afternoon."""

    def __init__(
        self, clock: FixedClock, starts_at: datetime | None = None, **of_roster: object
    ) -> None:
        self.clock, self.house = clock, a_centre()
        self.nurse = a_member_of_staff(Role.NURSE, "俞小满", self.house.id)
        self.expert = an_expert()
        roster = a_roster(self.house, self.expert, **of_roster)
        self.session = a_session(roster, starts_at=starts_at or at(MORNING, hour=14))
        self.begin, self.end = self.session.starts_at, self.session.ends_at

    def booked(
        self, person: identity.Resident | None = None, number: int | None = None
    ) -> clinics.Appointment:
        """A seat of somebody's."""
        own = person or a_resident()
        return clinics.book(by(own), self.session.id, clinics.Wish(number))

    def code(self, days: int = 0) -> str:
        """What the door of the house says today, or some days later."""
        return code_of(Names.HOUSE, self.house.id, by(self.nurse).today + timedelta(days=days))

    def go(self, minutes: float) -> None:
        """Let it be so many minutes after the beginning."""
        self.clock.at = self.begin + timedelta(minutes=minutes)

    def held(self, booking_id: UUID) -> clinics.Booking:
        """A seat in the nurse's hands."""
        return clinics.day.hold_of_day(by(self.nurse), booking_id)

    def arrives(self, booking_id: UUID) -> None:
        """The nurse writes down who is there."""
        clinics.day.note_arrival(by(self.nurse), self.held(booking_id))

    def calls(self, booking_id: UUID | None = None, because: str | None = None) -> int:
        """The nurse calls; the number of who comes."""
        called = clinics.day.call(by(self.nurse), self.session, booking_id, because)
        return called.seat_number

    def sees(self, booking_id: UUID) -> None:
        """The expert has seen somebody."""
        ctx = by(self.expert)
        clinics.day.see(ctx, clinics.day.hold_of_day(ctx, booking_id))

    def board(self) -> tuple[list[int], list[int]]:
        """The numbers on the screen: called, and waiting."""
        shown = clinics.day.board(by(self.nurse), self.session.id)
        return list(shown.called), list(shown.waiting)


def state_of(booking_id: UUID) -> str:
    """What became of a seat."""
    found = select(clinics.Booking.state).where(clinics.Booking.id == booking_id)
    return db.session.execute(found).scalar_one()


def claim_of(person: identity.Resident) -> identity.Claim:
    """How somebody says at a desk who they are."""
    return identity.Claim(person.name, person.id_number or "")
