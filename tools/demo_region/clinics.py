"""专家下沉: which expert of a hospital sits in which house on which weekday; all of it invented."""

from collections.abc import Iterator
from datetime import date, time

from backend import clinics, identity, network
from backend.kernel.context import Context
from tools.demo_region.dice import Dice
from tools.demo_region.people import People
from tools.demo_region.places import Host, Places

HALF_DAYS = [(time(8, 30), time(11, 0)), (time(13, 30), time(16, 0))]
CAPACITIES = [10, 12, 15, 15, 20]
SERVICES = {
    "放射科": clinics.Service.RADIOLOGY,
    "超声科": clinics.Service.ULTRASOUND,
    "护理": clinics.Service.NURSING,
}
DAYS = ("MO", "TU", "WE", "TH", "FR")
SMALLEST = 2  # soon full, so that a visitor sees how that is said
AT_ONCE = 500


def invent(dice: Dice, places: Places, people: People, today: date) -> list[clinics.Roster]:
    """One weekly clinic for each expert; the cast's cardiologist on Tuesday mornings."""
    rosters = [
        roster
        for host in places.hosts
        for roster in _of_host(dice, host, people.experts[host.hospital], today)
    ]
    first = rosters[0]
    first.weekday, first.capacity = 2, 12
    first.begins, first.ends = HALF_DAYS[0]
    _by_rule(dice, rosters)
    beside = next(each for each in rosters[1:] if each.institution_id == first.institution_id)
    beside.capacity = SMALLEST
    return rosters


def _by_rule(dice: Dice, rosters: list[clinics.Roster]) -> None:
    """Each week most of them, some every other; a room has one expert in a half day."""
    taken: dict[tuple[object, ...], int] = {}
    for number, roster in enumerate(rosters):
        apart = ";INTERVAL=2" if number % 12 == 11 else ""
        roster.rule = f"FREQ=WEEKLY{apart};BYDAY={DAYS[roster.weekday - 1]}"
        hour = roster.institution_id, roster.weekday, roster.begins
        taken[hour] = taken.get(hour, dice.random.randint(0, 2)) + 1
        roster.room = f"{1 + taken[hour] // 9}楼{1 + taken[hour] % 9}诊室"


def _of_host(
    dice: Dice, host: Host, experts: list[identity.Staff], today: date
) -> Iterator[clinics.Roster]:
    for number, expert in enumerate(experts):
        yield _roster(dice, expert, host.sites[number % len(host.sites)], today)


def _roster(
    dice: Dice, expert: identity.Staff, house: network.Institution, today: date
) -> clinics.Roster:
    begins, ends = dice.random.choice(HALF_DAYS)
    specialty = expert.specialty or ""
    return clinics.Roster(
        id=dice.id(),
        expert_id=expert.id,
        institution_id=house.id,
        specialty=specialty,
        service=SERVICES.get(specialty, clinics.Service.OUTPATIENT),
        room="",
        fee="按社区标准收费（示例）",
        weekday=dice.random.randint(1, 5),
        begins=begins,
        ends=ends,
        capacity=dice.random.choice(CAPACITIES),
        starts_on=today,
        ends_on=None,
    )


def generate(ctx: Context) -> None:
    """Hold the sessions of the horizon, as the clock would."""
    while clinics.generate(ctx, AT_ONCE):
        pass
