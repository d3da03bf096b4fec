"""Nobody is told of a session in which they have just taken a seat."""

import time
from typing import Any
from uuid import UUID

from clinic_database import Database, either, outcome
from races import race

from backend import clinics, messaging, outreach
from backend.kernel import entry
from backend.kernel.context import CLOCK
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from jobs import relay


def send(suggestion: UUID, guarded: bool) -> bool:
    if not guarded:
        clinics.take_turn = lambda _person: None
    queue = messaging.queue

    def slowly(*told: Any, **named: Any) -> None:
        time.sleep(1.5)
        queue(*told, **named)

    messaging.queue = slowly
    with transaction():
        return outreach.send(entry.context(CLOCK, entry.moment()), suggestion)


def book(person: UUID, session: UUID) -> str:
    """Book while the message is being queued; what follows from it follows at once."""
    time.sleep(0.5)
    said = outcome(person, session)
    relay.drain()
    return said


def still_waiting(database: Database, guarded: bool) -> int:
    """Messages about the session that wait to be sent once the person is booked there."""
    session, person, team, of_list, row = database.session(), database.resident(), *_ids(3)
    for words, told in (
        ("team VALUES (%s, %s, '一队', '', true)", [team, database.house]),
        (
            "suggestion_list (id, team_id, session_id, made_at, answer_by, state, decided_by)"
            " VALUES (%s, %s, %s, now(), now(), 'approved', %s)",
            [of_list, team, session, new_id()],
        ),
        (
            "suggestion (id, list_id, session_id, resident_id, specialty, score, reasons, state)"
            " VALUES (%s, %s, %s, %s, '心内科', 1, '{}', 'to_send')",
            [row, of_list, session, person],
        ),
        (
            "relation (id, resident_id, party_id, kind, valid_from, source_id)"
            " VALUES (%s, %s, %s, 'signed', now() - interval '1 day', %s)",
            [new_id(), person, team, new_id()],
        ),
        (
            "enrolment (id, resident_id, programme, state, diagnosed_on, enrolled_on, enrolled_by)"
            " VALUES (%s, %s, 'hypertension', 'active', '2020-01-01', '2020-01-01', %s)",
            [new_id(), person, new_id()],
        ),
    ):
        database.link.execute(f"INSERT INTO {words}", told)
    acts = [(send, row, guarded), (book, person, session)]
    assert race(database.url, either, acts) == [True, "booked"]
    found = database.link.execute(
        "SELECT count(*) FROM message WHERE kind = 'clinic_suggested' AND state = 'queued'"
    ).fetchone()
    assert found is not None
    return int(found[0])


def _ids(many: int) -> list[UUID]:
    return [new_id() for _ in range(many)]


def test_who_books_while_the_message_is_queued_is_not_told(database: Database) -> None:
    assert still_waiting(database, guarded=True) == 0


def test_without_the_persons_turn_they_are(database: Database) -> None:
    """The negative control."""
    assert still_waiting(database, guarded=False) == 1
