"""What counts as an equivalent seat, and how long it is kept for who lost one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.clinics.rules import ClinicPolicy, closes_at
from backend.kernel.regions import Region


@dataclass(frozen=True, kw_only=True)
class CascadePolicy:
    """What the region lays down for people who lost their seat.

    `travel_minutes` from home or from the house of the old seat, at `metres_per_minute`.
    """

    travel_minutes: int
    metres_per_minute: int
    within_days: int
    answer_hours: int
    least_minutes: int
    seek_again_minutes: int
    tell_desk_hours: int

    @property
    def reach_m(self) -> int:
        """How far a house may be."""
        return self.travel_minutes * self.metres_per_minute

    @property
    def within(self) -> timedelta:
        """How far from the old hour."""
        return timedelta(days=self.within_days)

    @property
    def seek_again(self) -> timedelta:
        """How long after a search that found nothing."""
        return timedelta(minutes=self.seek_again_minutes)

    @property
    def tell_desk(self) -> timedelta:
        """How near a session is when the desk is called about a seat given back."""
        return timedelta(hours=self.tell_desk_hours)


def cascade_of(region: Region) -> CascadePolicy:
    """The region's policy."""
    return region.section("cascade", CascadePolicy)


def answer_by(
    starts_at: datetime, at: datetime, own: CascadePolicy, clinics: ClinicPolicy
) -> datetime | None:
    """Until when a seat is kept: not past the closing of its session.

    `None` where too little is left to read a message and answer: then the desk calls.
    """
    until = min(at + timedelta(hours=own.answer_hours), closes_at(starts_at, clinics))
    return until if until - at >= timedelta(minutes=own.least_minutes) else None
