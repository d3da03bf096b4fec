"""Seats that come free while many want them: real processes, and without the guards."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from uuid import UUID

from clinic_database import Database, acting, book_once, either, give_back, managing, outcome
from races import race
from sqlalchemy import text
from sqlalchemy.orm.attributes import set_committed_value

from backend import clinics
from backend.clinics import filling_service, giving_back
from backend.clinics.waiting_models import WaitingEntry, WaitingState
from backend.kernel import entry
from backend.kernel.database import db, one
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from jobs import clinics as jobs

WAITING = """
INSERT INTO waiting_entry (id, resident_id, session_id, specialty, institution_ids, until, reach,
  way, joined_at)
SELECT %s, %s, %s, '心内科', %s, current_date + 30, 'app', 'own', now() - make_interval(secs => %s)
"""
STATES = "SELECT id, state FROM waiting_entry"


def a_person(database: Database) -> UUID:
    """Somebody who has agreed."""
    person = database.resident()
    database.link.execute(
        "INSERT INTO consent (id, resident_id, purpose, version, text_hash, given_at)"
        " VALUES (%s, %s, 'health_data', '1', '', now())",
        [new_id(), person],
    )
    return person


def waits(database: Database, session: UUID | None, seconds: int) -> UUID:
    """Somebody joined the list so many seconds ago."""
    place = new_id()
    told = [place, a_person(database), session, [database.house], seconds]
    database.link.execute(WAITING, told)
    return place


def states(database: Database) -> dict[UUID, str]:
    return {row[0]: row[1] for row in database.link.execute(STATES)}


SETTLED = """
SELECT s.state <> 'open' OR (
  SELECT count(*) FILTER (WHERE b.ended_at IS NOT NULL) >= s.capacity
    AND count(*) FILTER (WHERE b.ended_at IS NULL) = s.capacity
  FROM booking b WHERE b.session_id = s.id
) FROM clinic_session s WHERE s.id = :id
"""
PATIENCE_S = 25


def until_settled(session: UUID) -> Iterator[None]:
    """Again and again, until every seat was given back and taken anew, or nobody may have one."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        yield
        with transaction():
            if db.session.execute(text(SETTLED), {"id": session}).scalar_one():
                return


def fill(session: UUID) -> int:
    """The job again and again, in one of several processes of jobs."""
    return sum(jobs.fill_waiting() for _ in until_settled(session))


def snatch(session: UUID) -> Counter[str]:
    """Strangers who try all the while."""
    return Counter(outcome(new_id(), session) for _ in until_settled(session))


def cancels(given: Sequence[tuple[UUID, UUID]], *, guarded: bool = True) -> int:
    """Those who have a seat give it back, one after the other."""
    if not guarded:
        giving_back.precedence_until = lambda _ctx, _session: None  # type: ignore[assignment]
    for person, booking in given:
        time.sleep(0.05)
        give_back(person, booking)
    return len(given)


def shut(session: UUID, house: UUID, after: float) -> str:
    """The house closes the session while all that goes on."""
    time.sleep(after)
    with transaction():
        ctx = managing(house)
        clinics.cancel_session(ctx, clinics.session_of_house(ctx, session), "专家临时出诊")
    return "closed"


def booked(database: Database, session: UUID, seats: int) -> list[tuple[UUID, UUID]]:
    people = [a_person(database) for _ in range(seats)]
    found = race(database.url, book_once, [(person, session) for person in people])
    return list(zip(people, found, strict=True))


def scramble(database: Database, *, guarded: bool = True) -> tuple[UUID, list[UUID], list[object]]:
    """Five seats come free, eight people wait, two jobs fill, two strangers try."""
    session = database.session(capacity=5)
    held = booked(database, session, 5)
    line = [waits(database, session, 100 - n) for n in range(8)]
    results = race(
        database.url,
        either,
        [
            (either_cancels, held[:3], guarded),
            (either_cancels, held[3:], guarded),
            *[(fill, session)] * 2,
            *[(snatch, session)] * 2,
        ],
    )
    return session, line, results


def either_cancels(given: Sequence[tuple[UUID, UUID]], guarded: bool) -> int:
    return cancels(given, guarded=guarded)


def test_seats_go_to_those_who_wait_in_their_order(database: Database) -> None:
    session, line, results = scramble(database)
    found = states(database)
    assert [found[place] for place in line] == ["offered"] * 5 + ["waiting"] * 3
    assert "booked" not in results[-1] | results[-2]  # type: ignore[operator]
    assert database.load(session) == (5, 5, 5)
    assert sum(results[2:4]) == 5  # type: ignore[arg-type]


def test_without_their_precedence_strangers_are_quicker(database: Database) -> None:
    """The negative control."""
    session, _, results = scramble(database, guarded=False)
    strangers = results[-1]["booked"] + results[-2]["booked"]  # type: ignore[index]
    assert strangers > 0
    assert list(states(database).values()).count("offered") == 5 - strangers
    assert database.load(session) == (5, 5, 5)


def test_closing_the_session_meanwhile_leaves_nobody_with_a_seat(database: Database) -> None:
    session = database.session(capacity=5)
    held = booked(database, session, 5)
    for n in range(8):
        waits(database, session, 100 - n)
    results = race(
        database.url,
        either,
        [
            (either_cancels, held[:3], True),
            *[(fill, session)] * 2,
            (snatch, session),
            (shut, session, database.house, 0.12),
        ],
    )
    assert results[-1] == "closed"
    taken, live, _ = database.load(session)
    assert (taken, live) == (0, 0)
    free = "SELECT count(*) FROM clinic_seat WHERE session_id = %s AND is_free"
    row = database.link.execute(free, [session]).fetchone()
    assert row == (0,)


def offer_once(session: UUID, place: UUID, guarded: bool) -> str:
    """Two processes hold a seat of another session each for one who waits for any."""
    if not guarded:
        filling_service.waiting_queries.hold_entry = unlocked  # type: ignore[assignment]
    try:
        with transaction():
            filling_service.offer_to(entry.now(), session, place)
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "offered"


def unlocked(entry_id: UUID) -> WaitingEntry:
    """As it was before anybody else came."""
    found = one(db.select(WaitingEntry).where(WaitingEntry.id == entry_id))
    set_committed_value(found, "state", WaitingState.WAITING)
    return found


def offers_of_two(database: Database, *, guarded: bool) -> Counter[object]:
    sessions = [database.session(hours=hour) for hour in range(4)]
    place = waits(database, None, 10)
    answers = race(database.url, offer_once, [(each, place, guarded) for each in sessions])
    return Counter(answers)


def test_who_waits_for_any_is_offered_one(database: Database) -> None:
    answers = offers_of_two(database, guarded=True)
    assert answers == {"offered": 1, "not-waiting": 3}


def test_without_the_entrys_lock_one_person_has_two(database: Database) -> None:
    """The negative control."""
    assert offers_of_two(database, guarded=False)["offered"] > 1


BROKEN = """
CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.resident_id = '{person}' THEN RAISE EXCEPTION 'broken'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER breaks BEFORE INSERT ON booking FOR EACH ROW EXECUTE FUNCTION breaks();
"""


def fill_once(_n: int) -> int:
    return jobs.fill_waiting()


def test_whose_offer_fails_stands_in_nobodys_way(database: Database) -> None:
    session = database.session(capacity=1)
    first, second = waits(database, session, 20), waits(database, session, 10)
    row = database.link.execute(
        "SELECT resident_id FROM waiting_entry WHERE id = %s", [first]
    ).fetchone()
    assert row is not None
    database.link.execute(BROKEN.format(person=row[0]).encode())
    assert race(database.url, fill_once, [(0,)]) == [1]
    assert states(database) == {first: "waiting", second: "offered"}


def join_once(person: UUID, session: UUID) -> str:
    try:
        with transaction():
            return str(clinics.join(acting(person), clinics.Target(session_id=session)).id)
    finally:
        db.session.remove()


def test_eight_taps_join_once(database: Database) -> None:
    session = database.session(capacity=1)
    booked(database, session, 1)
    person = a_person(database)
    answers = race(database.url, join_once, [(person, session)] * 8)
    assert len(set(answers)) == 1
    assert len(states(database)) == 1
