"""What has happened on the day of a clinic."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class ClinicBegan(Event):
    """The house or the expert said that the day had begun."""

    session_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class PersonArrived(Event):
    """Somebody with a seat is there."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID
    way: str


@dataclass(frozen=True)
class PersonCalled(Event):
    """It is somebody's turn."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID
    is_urgent: bool


@dataclass(frozen=True)
class PersonPassedOver(Event):
    """Somebody was called and did not answer."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class PersonSeen(Event):
    """Somebody was seen."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class BookingMissed(Event):
    """The day was recorded, and somebody was not there."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class BookingUnrecorded(Event):
    """Nobody recorded what became of a seat; nobody is blamed."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class AttendanceCorrected(Event):
    """The house said that somebody was there after all."""

    resident_id: UUID
    booking_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class StrikeNoted(Event):
    """A seat that nobody sat on, or that came back too late, counts."""

    resident_id: UUID
    strike_id: UUID
    booking_id: UUID


@dataclass(frozen=True)
class StrikeAppealed(Event):
    """The person says why."""

    resident_id: UUID
    strike_id: UUID


@dataclass(frozen=True)
class StrikeDecided(Event):
    """It no longer counts, or it stays."""

    resident_id: UUID
    strike_id: UUID
    is_lifted: bool


@dataclass(frozen=True)
class CardIssued(Event):
    """A person was given a paper card; an earlier one is void."""

    resident_id: UUID
    card_id: UUID


@dataclass(frozen=True)
class CardRevoked(Event):
    """A paper card is void."""

    resident_id: UUID
    card_id: UUID
