"""Waiting lists of the tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from clinic_builders import a_session
from people import a_resident, by, by_itself

from backend import clinics, identity
from backend.kernel.database import db
from jobs import clinics as jobs


def a_full_session(
    seats: int = 1, **facts: Any
) -> tuple[clinics.ClinicSession, list[identity.Resident]]:
    """A session all of whose seats are booked, and by whom."""
    session = a_session(capacity=seats, **facts)
    people = [a_resident() for _ in range(seats)]
    for person in people:
        clinics.book(by(person), session.id)
    db.session.refresh(session)
    return session, people


def waits(session: clinics.ClinicSession, person: identity.Resident | None = None) -> clinics.Place:
    """Somebody joins the list."""
    target = clinics.Target(session_id=session.id)
    return clinics.join(by(person or a_resident()), target)


def gives_back(person: identity.Resident) -> None:
    """The person cancels every booking."""
    for booking in db.session.query(clinics.Booking).filter_by(
        resident_id=person.id, state="booked"
    ):
        clinics.cancel(by(person), clinics.hold(by(person), booking.id))
    db.session.commit()


def fills() -> int:
    """What the clock does each few seconds."""
    db.session.commit()
    found = jobs.fill_waiting()
    db.session.expire_all()
    return found


def entry_of(place: clinics.Place) -> clinics.WaitingEntry:
    """The row of an entry as it is now."""
    return db.session.get_one(clinics.WaitingEntry, place.id, populate_existing=True)


def offered(place: clinics.Place) -> clinics.Booking:
    """The seat that is kept for who waits."""
    booking_id: UUID | None = entry_of(place).booking_id
    return db.session.get_one(clinics.Booking, booking_id, populate_existing=True)


def now_at(place: clinics.Place) -> clinics.Place:
    """Where an entry stands."""
    return clinics.find_waiting(by_itself(), place.id)


def any_session(*houses: object, days: int = 30, specialty: str = "心内科") -> clinics.Target:
    """Any session of a specialty in these houses, within so many days."""
    return clinics.Target(
        specialty=specialty,
        institution_ids=[house.id for house in houses],  # type: ignore[attr-defined]
        until=by_itself().today + timedelta(days),
    )
