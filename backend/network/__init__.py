"""网络 Network: consortia, hospitals, centres and stations, who belongs to whom, workdays."""

from backend.network.distances import distance_between, travel
from backend.network.events import CalendarChanged
from backend.network.holiday_service import forget_day, set_day
from backend.network.holidays import SpecialDay, Workdays, special_days, workdays
from backend.network.models import CalendarDay, Consortium, Institution, Level
from backend.network.queries import (
    by_ids,
    consortium,
    distance_m,
    fellows,
    find,
    institutions,
)

__all__ = [
    "CalendarChanged",
    "CalendarDay",
    "Consortium",
    "Institution",
    "Level",
    "SpecialDay",
    "Workdays",
    "by_ids",
    "consortium",
    "distance_between",
    "distance_m",
    "fellows",
    "find",
    "forget_day",
    "institutions",
    "set_day",
    "special_days",
    "travel",
    "workdays",
]
