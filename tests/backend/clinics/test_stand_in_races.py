"""Two houses hold sessions of one expert otherwise, at once: real processes."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from clinic_database import Database, managing
from races import race

from backend import clinics
from backend.clinics import cascade, roster_queries, stand_ins
from backend.clinics.roster_rules import Sitting
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction


def move(house: UUID, session: UUID, later: timedelta, locked: bool) -> str:
    """Look who is in the way, take a while, and move; without the lock in the control."""
    found = stand_ins._others

    def slowly(ctx: Context, wanted: Sitting, session_id: UUID) -> Iterator[Sitting]:
        others = list(found(ctx, wanted, session_id))
        time.sleep(0.7)
        yield from others

    stand_ins._others = slowly
    if not locked:
        roster_queries.hold_places = lambda _: None
    try:
        with transaction():
            ctx = managing(house)
            old = clinics.session_of_house(ctx, session)
            told = cascade.Instead(reason="专家改期", starts_at=old.starts_at + later)
            cascade.move_session(ctx, old, told)
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "moved"


def both_move(database: Database, locked: bool) -> Counter[str]:
    """To 18:00–18:30 here and to 18:35 elsewhere: no hour is taken twice, but the way is."""
    there = new_id()
    database.link.execute(
        "INSERT INTO institution VALUES (%s, NULL, NULL, '示例二', 'centre', '示例', NULL, 30, 120,"
        " true)",
        [there],
    )
    here, elsewhere = database.session(), database.session(hours=3)
    moved = "UPDATE clinic_session SET institution_id = %s WHERE id = %s"
    database.link.execute(moved, [there, elsewhere])
    acts = [
        (database.house, here, timedelta(hours=10), locked),
        (there, elsewhere, timedelta(hours=7, minutes=35), locked),
    ]
    return Counter(race(database.url, move, acts))


def test_of_two_houses_one_has_the_expert_they_both_want(database: Database) -> None:
    assert both_move(database, locked=True) == {"moved": 1, "invalid": 1}


def test_without_the_lock_both_have(database: Database) -> None:
    """The negative control."""
    assert both_move(database, locked=False) == {"moved": 2}
