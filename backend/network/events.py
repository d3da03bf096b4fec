"""What has happened to what all houses share."""

from dataclasses import dataclass
from datetime import date

from backend.kernel.events import Event


@dataclass(frozen=True)
class CalendarChanged(Event):
    """A day was entered as worked or free, or is again what the published table says."""

    day: date
