"""What has happened in emergencies and their reviews."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.auditing.models import Emergency, Verdict
from backend.kernel.events import Event


@dataclass(frozen=True)
class EmergencyAccessBegun(Event):
    """A doctor reads a stranger's record from now on, until then."""

    access_id: UUID
    resident_id: UUID
    institution_id: UUID
    kind: Emergency
    until: datetime


@dataclass(frozen=True)
class EmergencyAccessMissed(Event):
    """A doctor asked for somebody who is not on file, or not under that name."""

    staff_id: UUID


@dataclass(frozen=True)
class EmergencyAccessExceeded(Event):
    """A doctor asked once more than the day allows; for whom was not looked up."""

    staff_id: UUID


@dataclass(frozen=True)
class EmergencyAccessReviewed(Event):
    """Somebody else judged it."""

    access_id: UUID
    resident_id: UUID
    verdict: Verdict


@dataclass(frozen=True)
class EmergencyAccessEscalated(Event):
    """Nobody judged it in time."""

    access_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class EmergencyCallPlanned(Event):
    """No message can tell the resident: the house calls."""

    access_id: UUID
    resident_id: UUID


@dataclass(frozen=True)
class EmergencyCallMade(Event):
    """The house told the resident by telephone."""

    access_id: UUID
    resident_id: UUID
