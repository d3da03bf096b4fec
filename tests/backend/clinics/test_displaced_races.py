"""A person who lost a seat: the relay and the job look at once, two hands answer at once."""

import time
from collections import Counter
from uuid import UUID

from clinic_database import Database, acting, book_once, either, managing
from races import race

from backend import clinics
from backend.clinics import cascade, re_offer_service
from backend.kernel import entry
from backend.kernel.context import CLOCK
from backend.kernel.transaction import transaction


def close(house: UUID, session: UUID) -> str:
    with transaction():
        ctx = managing(house)
        clinics.cancel_session(ctx, clinics.session_of_house(ctx, session), "停诊")
    return "closed"


def look(displacement: UUID, pause: float, locked: bool = True) -> str:
    """Keep a seat, and take a while to commit."""
    if not locked:
        re_offer_service.displacement_queries.hold_row = lambda row: row
    with transaction():
        kept = cascade.seek(entry.context(CLOCK, entry.moment()), displacement)
        time.sleep(pause)
    return "kept" if kept else "none"


def choose(person: UUID, lost: UUID, session: UUID) -> str:
    with transaction():
        ctx = acting(person)
        held = cascade.hold_displacement(ctx, lost)
        cascade.choose(ctx, held, session, clinics.Wish())
    return "chosen"


def confirm(person: UUID, offer: UUID) -> str:
    with transaction():
        ctx = acting(person)
        clinics.confirm(ctx, clinics.hold(ctx, offer))
    return "confirmed"


def displaced(database: Database) -> tuple[UUID, UUID, UUID, list[UUID]]:
    """Who lost which booking, the row, and two sessions that would do."""
    session, person = database.session(), database.resident()
    others = [database.session(hours=hour) for hour in (2, 4)]
    (lost,) = race(database.url, book_once, [(person, session)])
    assert race(database.url, close, [(database.house, session)]) == ["closed"]
    row = database.link.execute("SELECT id FROM displacement").fetchone()
    assert row is not None
    return person, lost, row[0], others


def live(database: Database) -> list[tuple[UUID, str]]:
    found = "SELECT id, state FROM booking WHERE ended_at IS NULL"
    return [(row[0], row[1]) for row in database.link.execute(found).fetchall()]


def test_two_who_look_keep_one_seat(database: Database) -> None:
    _, _, row, _ = displaced(database)
    assert race(database.url, look, [(row, 0.5)] * 3) == ["kept"] * 3
    assert [state for _, state in live(database)] == ["held"]


def test_without_the_locks_they_keep_two(database: Database) -> None:
    """The negative control."""
    _, _, row, _ = displaced(database)
    race(database.url, look, [(row, 0.5, False)] * 2)
    assert [state for _, state in live(database)] == ["held"] * 2


def test_confirming_and_choosing_at_once_have_one_winner(database: Database) -> None:
    person, lost, row, (_, later) = displaced(database)
    assert race(database.url, look, [(row, 0.0)]) == ["kept"]
    ((offer, _),) = live(database)
    acts = [(confirm, person, offer)] * 2 + [(choose, person, lost, later)] * 2
    answers = Counter(race(database.url, either, acts))
    assert answers["confirmed"] + answers["chosen"] == 1
    assert answers["illegal-move"] == 3
    assert [state for _, state in live(database)] == ["booked"]
