"""What has happened to people who lost their seat."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class DisplacedWaiting(Event):
    """Nothing is kept for a person who lost a seat, and nobody has answered: the desk calls."""

    resident_id: UUID
    displacement_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class CallWanted(Event):
    """A person who lost a seat would rather be called."""

    resident_id: UUID
    displacement_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class CallMissed(Event):
    """A person who lost a seat was called and did not answer."""

    resident_id: UUID
    displacement_id: UUID


@dataclass(frozen=True)
class DisplacementAnswered(Event):
    """A person who lost a seat has answered."""

    resident_id: UUID
    displacement_id: UUID
    state: str
