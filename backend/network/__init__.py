"""网络 Network: consortia, hospitals, community centres, stations, and who belongs to whom."""

from backend.network.models import Consortium, Institution, Level
from backend.network.queries import (
    by_ids,
    consortium,
    distance_m,
    fellows,
    find,
    institutions,
)

__all__ = [
    "Consortium",
    "Institution",
    "Level",
    "by_ids",
    "consortium",
    "distance_m",
    "fellows",
    "find",
    "institutions",
]
