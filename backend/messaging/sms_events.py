"""What has happened to texts."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class TextsSwitched(Event):
    """Somebody wants texts on the own phone again, or none any more."""

    resident_id: UUID
    is_wanted: bool
