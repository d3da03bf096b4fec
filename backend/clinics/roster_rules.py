"""When a roster is held, and what cannot be at one time: pure thoughts over rosters and days."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from backend.clinics.models import Roster
from backend.clinics.recurrence import Recurrence, parse
from backend.clinics.roster_models import RosterException
from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region
from backend.network import Institution, Workdays, travel

_FRIDAY = 5


@dataclass(frozen=True, kw_only=True)
class RosterPolicy:
    """What the region lays down."""

    travel_kmh: int
    travel_least_minutes: int
    checked_days: int


def policy_of(region: Region) -> RosterPolicy:
    """The region's policy on rosters."""
    return region.section("rosters", RosterPolicy)


def recurrence(roster: Roster) -> Recurrence:
    """The rule of a roster; without a day it means the one under which it is listed."""
    return parse(roster.rule, roster.weekday)


def is_open(day: date, workdays: Workdays) -> bool:
    """Tell whether a house is open for the clinics of this day's weekday.

    On public holidays it is closed. At weekends a day off is no news: who chose a Saturday means
    it. A make-up day [调休] follows no other weekday's roster, for nobody promised it.
    """
    if day.isoweekday() > _FRIDAY:
        return not workdays.is_public_holiday(day)
    return workdays.is_workday(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Somebody in a room of a house, from when until when: what a roster promises of one day."""

    roster_id: UUID | None
    day: date
    starts_at: datetime
    ends_at: datetime
    institution_id: UUID
    room: str
    expert_id: UUID
    crew: frozenset[UUID]

    @property
    def staff(self) -> frozenset[UUID]:
        """Everybody who is there."""
        return self.crew | {self.expert_id}


@dataclass(frozen=True, slots=True)
class Almanac:
    """What decides about days beside the rule: the calendar, and exceptions by roster and day."""

    workdays: Workdays
    exceptions: Mapping[UUID, Mapping[date, RosterException]]

    def sittings(self, roster: Roster, first: date, last: date) -> Iterator[Sitting]:
        """What a roster promises from `first` to `last`, by day."""
        told = self.exceptions.get(roster.replaces_id or roster.id, {})
        by_rule = {day for day in ruled(roster, first, last) if is_open(day, self.workdays)}
        until = min(last, roster.ends_on or last)
        since = max(first, roster.starts_on)
        extra = {day for day, one in told.items() if one.is_held and since <= day <= until}
        for day in sorted(by_rule | extra):
            exception = told.get(day)
            if exception is None or exception.is_held:
                yield _sitting(roster, day, exception)

    def closed(self, roster: Roster, first: date, last: date) -> Iterator[date]:
        """The days of its rule on which the house is closed."""
        told = self.exceptions.get(roster.replaces_id or roster.id, {})
        for day in ruled(roster, first, last):
            if day not in told and not is_open(day, self.workdays):
                yield day


def ruled(roster: Roster, first: date, last: date) -> Iterator[date]:
    """The days that its rule and its dates name."""
    until = min(last, roster.ends_on or last)
    return recurrence(roster).between(roster.starts_on, first, until)


def _sitting(roster: Roster, day: date, told: RosterException | None) -> Sitting:
    begins, ends = roster.begins, roster.ends
    if told is not None and told.begins is not None and told.ends is not None:
        begins, ends = told.begins, told.ends
    expert = (told and told.expert_id) or roster.expert_id
    return Sitting(
        roster_id=roster.id,
        day=day,
        starts_at=datetime.combine(day, begins, SHANGHAI),
        ends_at=datetime.combine(day, ends, SHANGHAI),
        institution_id=roster.institution_id,
        room=(told and told.room) or roster.room,
        expert_id=expert,
        crew=frozenset(roster.crew) - {expert},
    )


class Clash(StrEnum):
    """Why two sittings cannot both be held."""

    EXPERT_ELSEWHERE = "expert_elsewhere"
    TRAVEL_TOO_SHORT = "travel_too_short"
    ROOM_TAKEN = "room_taken"


@dataclass(slots=True)
class Board:
    """Who is where: what was put up is found by person and day, and by room and day."""

    houses: Mapping[UUID, Institution]
    policy: RosterPolicy
    _of_people: dict[tuple[UUID, date], list[Sitting]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _of_rooms: dict[tuple[UUID, str, date], list[Sitting]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def put(self, sitting: Sitting) -> None:
        """From now on others clash with it."""
        for person in sitting.staff:
            self._of_people[person, sitting.day].append(sitting)
        self._of_rooms[_room(sitting)].append(sitting)

    def clashes(self, sitting: Sitting) -> Iterator[tuple[Clash, Sitting]]:
        """What stands against it, each at most once a kind."""
        yield from dict.fromkeys(self._of_staff(sitting))
        for other in self._of_rooms.get(_room(sitting), ()):
            if _overlap(sitting, other):
                yield Clash.ROOM_TAKEN, other

    def is_impossible(self, sitting: Sitting) -> bool:
        """Whether one of its people would have to be in two places."""
        return next(self._of_staff(sitting), None) is not None

    def _of_staff(self, sitting: Sitting) -> Iterator[tuple[Clash, Sitting]]:
        for person in sitting.staff:
            for other in self._of_people.get((person, sitting.day), ()):
                if _overlap(sitting, other):
                    yield Clash.EXPERT_ELSEWHERE, other
                elif _gap(sitting, other) < self._way(sitting, other):
                    yield Clash.TRAVEL_TOO_SHORT, other

    def _way(self, one: Sitting, other: Sitting) -> timedelta:
        if one.institution_id == other.institution_id:
            return timedelta()
        least = timedelta(minutes=self.policy.travel_least_minutes)
        here, there = (self.houses.get(each.institution_id) for each in (one, other))
        if here is None or there is None:
            return least
        return travel(here, there, self.policy.travel_kmh, least)


def _overlap(one: Sitting, other: Sitting) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _gap(one: Sitting, other: Sitting) -> timedelta:
    return max(one.starts_at - other.ends_at, other.starts_at - one.ends_at)


def _room(sitting: Sitting) -> tuple[UUID, str, date]:
    return sitting.institution_id, "".join(sitting.room.split()), sitting.day
