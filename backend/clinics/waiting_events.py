"""What has happened on waiting lists."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class WaitingJoined(Event):
    """A resident waits for a seat."""

    resident_id: UUID
    entry_id: UUID
    session_id: UUID | None


@dataclass(frozen=True)
class WaitingLeft(Event):
    """A resident waits no more."""

    resident_id: UUID
    entry_id: UUID


@dataclass(frozen=True)
class WaitingOver(Event):
    """A resident waited in vain: `reason` says why."""

    resident_id: UUID
    entry_id: UUID
    reason: str


@dataclass(frozen=True)
class UrgencySet(Event):
    """A doctor said how soon a waiting resident should be seen."""

    resident_id: UUID
    entry_id: UUID
    urgency: str
