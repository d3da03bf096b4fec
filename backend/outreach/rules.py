"""Whom a session would serve, and how well: figures of the region, a score that explains itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from backend.kernel.regions import Region


@dataclass(frozen=True, kw_only=True)
class Fit:
    """People of a programme profit from these specialties, when they were not seen for so long."""

    programme: str
    label: str
    specialties: tuple[str, ...]
    again_after_days: int


@dataclass(frozen=True, kw_only=True)
class Points:
    """What speaks for somebody."""

    never_seen: int
    long_ago: int
    old: int
    near: int


@dataclass(frozen=True, kw_only=True)
class OutreachPolicy:
    """What the region lays down.

    Sessions `from_days` to `to_days` ahead with `least_free` seats left are proposed to teams whose
    house is within `reach_m`; each list has `most_listed` people. `old_from` is an age, `near_m` a
    distance from home.
    """

    from_days: int
    to_days: int
    least_free: int
    most_listed: int
    most_per_month: int
    reach_m: int
    near_m: int
    old_from: int
    points: Points
    fits: tuple[Fit, ...]

    @property
    def month(self) -> timedelta:
        """Over which the suggestions to one person are counted."""
        return timedelta(days=30)

    def fitting(self, specialty: str) -> Sequence[Fit]:
        """Who profits from a specialty."""
        return [fit for fit in self.fits if specialty in fit.specialties]

    @property
    def specialties(self) -> frozenset[str]:
        """Every specialty that is suggested to anybody."""
        return frozenset(name for fit in self.fits for name in fit.specialties)


def outreach_of(region: Region) -> OutreachPolicy:
    """The region's policy on announcements."""
    return region.section("outreach", OutreachPolicy)


def reasons(
    fit: Fit, policy: OutreachPolicy, *, days_since: int | None, age: int, metres: float | None
) -> tuple[int, list[str]]:
    """The score and, for the staff, why: in words."""
    found = [f"{fit.label}管理中"]
    points = policy.points
    score = points.never_seen if days_since is None else points.long_ago
    long_ago = (
        "在本区没有看过这个科室" if days_since is None else f"上次看这个科室是{days_since}天前"
    )
    found.append(long_ago)
    if age >= policy.old_from:
        score += points.old
        found.append(f"{age}岁")
    if metres is not None and metres <= policy.near_m:
        score += points.near
        found.append(f"离家约{max(1, round(metres / 100)) / 10:g}公里")
    return score, found
