"""What has happened in teams."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class AbsenceRecorded(Event):
    """Somebody will be away, and somebody else answers meanwhile."""

    absence_id: UUID
    staff_id: UUID
    deputy_id: UUID
    first_on: date
    last_on: date


@dataclass(frozen=True)
class AbsenceEnded(Event):
    """Somebody is back early, or does not go."""

    absence_id: UUID
    staff_id: UUID
    deputy_id: UUID
