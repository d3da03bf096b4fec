"""What has happened at clinics."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class RosterMade(Event):
    """A clinic was arranged as a draft."""

    roster_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class RosterPublished(Event):
    """People can count on a clinic, or on what was changed of it."""

    roster_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class RosterExcepted(Event):
    """One day of a clinic is not as its rule says, or is again."""

    roster_id: UUID
    day: date


@dataclass(frozen=True)
class RosterEnded(Event):
    """A clinic will not be held after a day."""

    roster_id: UUID
    ends_on: date


@dataclass(frozen=True)
class BookingMade(Event):
    """A resident has a seat; `moved_from` is the booking that was given back for it."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID
    moved_from: UUID | None = None


@dataclass(frozen=True)
class BookingCancelled(Event):
    """A resident gave a seat back."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class BookingWithdrawn(Event):
    """A resident lost a seat because the session will not be held."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class SessionCancelled(Event):
    """停诊: a session will not be held."""

    session_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class BookingMoved(Event):
    """A resident gave a seat back for one in another session."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class SeatOffered(Event):
    """A seat is kept for a resident until an instant."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID
    origin: str


@dataclass(frozen=True)
class OfferDeclined(Event):
    """A resident left an offered seat to others."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class OfferLapsed(Event):
    """An offered seat was not confirmed in time."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class SessionMoved(Event):
    """A session is held another time, elsewhere or by somebody else: another stands in for it."""

    session_id: UUID
    to_session_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class RoomChanged(Event):
    """A session is held in another room of its house; nobody loses a seat."""

    session_id: UUID
    institution_id: UUID
    changed_at: datetime


@dataclass(frozen=True)
class SessionResized(Event):
    """A session has more seats, or fewer."""

    session_id: UUID
    institution_id: UUID
    capacity: int
