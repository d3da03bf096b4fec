"""网络 Network: consortia, hospitals, community centres, stations, and who belongs to whom."""

from backend.network.models import Consortium, Institution, Level
from backend.network.queries import (
    Near,
    by_ids,
    distance_m,
    find,
    institutions,
    nearest,
    subordinates,
)

__all__ = [
    "Consortium",
    "Institution",
    "Level",
    "Near",
    "by_ids",
    "distance_m",
    "find",
    "institutions",
    "nearest",
    "subordinates",
]
