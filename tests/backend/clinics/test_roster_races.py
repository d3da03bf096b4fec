"""Two managers want one expert, two processes make the same sessions: real processes at once."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from clinic_database import Database, managing
from races import race

from backend import clinics
from backend.clinics import horizon, roster_queries, roster_service
from backend.kernel import entry
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import CLOCK, Context
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

PAUSE = 0.7


def another_house(database: Database) -> UUID:
    house = new_id()
    database.link.execute(
        "INSERT INTO institution VALUES (%s, NULL, NULL, %s, 'centre', '示例', NULL, 30, 120,"
        " true)",
        [house, f"示例{house}"],
    )
    return house


def a_roster(database: Database, house: UUID, hours: tuple[str, str], state: str) -> UUID:
    """On Saturdays, for which no holiday is moved; of the one expert."""
    roster, today = new_id(), shanghai_date(datetime.now(UTC))
    database.link.execute(
        "INSERT INTO roster (id, expert_id, institution_id, specialty, service, room, weekday,"
        " begins, ends, capacity, starts_on, rule, state) VALUES (%s, %s, %s, '心内科',"
        " 'outpatient', '3诊室', 6, %s, %s, 10, %s, 'FREQ=WEEKLY;BYDAY=SA', %s)",
        [roster, database.expert, house, *hours, today, state],
    )
    return roster


def publish(house: UUID, roster: UUID, locked: bool) -> str:
    """Look for clashes, take a while, and publish; without the lock in the control."""
    found = roster_service.findings

    def slowly(ctx: Context, drafts: Sequence[clinics.Roster]) -> Sequence[clinics.Finding]:
        findings = found(ctx, drafts)
        time.sleep(PAUSE)
        return findings

    roster_service.findings = slowly
    if not locked:
        roster_queries.hold_places = lambda _: None
    with transaction():
        clinics.publish(managing(house), [roster])
    return "published"


def both_publish(database: Database, locked: bool) -> Counter[str]:
    """From 9 to 10 here and from 10:10 elsewhere: no hour is taken twice, but the way is."""
    there = another_house(database)
    acts = [
        (house, a_roster(database, house, hours, "draft"), locked)
        for house, hours in ((database.house, ("9:00", "10:00")), (there, ("10:10", "11:00")))
    ]
    return Counter(race(database.url, publish, acts))


def test_of_two_managers_one_publishes_the_expert_they_both_want(database: Database) -> None:
    assert both_publish(database, locked=True) == {"published": 1, "roster-clash": 1}


def test_without_the_lock_both_do(database: Database) -> None:
    """The negative control."""
    assert both_publish(database, locked=False) == {"published": 2}


def make(house: UUID | None, locked: bool) -> int:
    """Find what is lacking, take a while, and make it; not looking again in the control."""
    found = horizon.missing

    def slowly(ctx: Context, limit: int, ids: Any = None) -> Sequence[Any]:
        missing = found(ctx, limit, ids)
        time.sleep(PAUSE)
        return missing

    horizon.missing = slowly
    if not locked:
        horizon.still_promised = lambda _ctx, missing: missing
        horizon.write_down = lambda _promised: None  # who promises the same waits as well
    with transaction():
        clock = entry.context(CLOCK, entry.moment())
        return clinics.generate(managing(house) if house else clock)


TWICE = """
SELECT count(*) FROM clinic_session a JOIN clinic_session b ON a.day = b.day AND a.id < b.id
"""


def twice(database: Database) -> int:
    row = database.link.execute(TWICE).fetchone()
    assert row is not None
    return int(row[0])


def both_make_what_is_too_near(database: Database, locked: bool) -> int:
    """Two rosters that came to be published side by side, each made by its own house."""
    there = another_house(database)
    a_roster(database, database.house, ("9:00", "10:00"), "published")
    a_roster(database, there, ("10:10", "11:00"), "published")
    made = race(database.url, make, [(house, locked) for house in (database.house, there)])
    assert sum(made) >= 3
    return twice(database)


def test_no_expert_is_sent_where_the_way_is_too_long(database: Database) -> None:
    assert both_make_what_is_too_near(database, locked=True) == 0


def test_without_looking_again_one_is(database: Database) -> None:
    """The negative control."""
    assert both_make_what_is_too_near(database, locked=False) > 0


def both_make_the_same(database: Database, locked: bool) -> int:
    a_roster(database, database.house, ("9:00", "10:00"), "published")
    race(database.url, make, [(None, locked)] * 2)
    return twice(database)


def test_two_processes_make_each_session_once(database: Database) -> None:
    assert both_make_the_same(database, locked=True) == 0
    numbers = "SELECT count(*), count(DISTINCT (session_id, number)) FROM clinic_seat"
    seats, distinct = database.link.execute(numbers).fetchone() or (0, 1)
    sessions = database.link.execute("SELECT count(*) FROM clinic_session").fetchone()
    assert sessions is not None
    assert seats == distinct == 10 * sessions[0]


def test_the_schema_alone_makes_each_session_once(database: Database) -> None:
    assert both_make_the_same(database, locked=False) == 0


def test_without_lock_and_constraints_sessions_are_there_twice(database: Database) -> None:
    """The negative control."""
    database.link.execute(
        "ALTER TABLE clinic_session DROP CONSTRAINT uq_clinic_session_roster_id_day,"
        " DROP CONSTRAINT ex_clinic_session_expert"
    )
    assert both_make_the_same(database, locked=False) > 0
