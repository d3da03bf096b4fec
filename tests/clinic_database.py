"""The committed database of a race for seats, and people who act in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from backend import clinics
from backend.clinics.rules import seat_windows
from backend.kernel import entry
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

SEATS = 20
LOAD = """
SELECT s.taken, (SELECT count(*) FROM booking WHERE session_id = s.id AND ended_at IS NULL),
  (SELECT count(*) FROM clinic_seat WHERE session_id = s.id AND NOT is_free)
FROM clinic_session s WHERE id = %s
"""


class Database:
    """The committed database of a race, as its administrator sees it."""

    def __init__(self, link: psycopg.Connection, url: str) -> None:
        self.link, self.url, self.house, self.expert = link, url, new_id(), new_id()
        link.execute(
            "INSERT INTO institution VALUES (%s, NULL, NULL, '示例', 'centre', '示例', NULL, 30,"
            " 120, true)",
            [self.house],
        )
        link.execute(
            "INSERT INTO staff VALUES (%s, '陆建明', 'specialist', '主任医师', NULL, %s)",
            [self.expert, self.house],
        )

    def roster(self) -> UUID:
        """A weekly clinic on Saturdays, which no public holiday moves."""
        roster, today = new_id(), shanghai_date(datetime.now(UTC))
        self.link.execute(
            "INSERT INTO roster SELECT %s, %s, %s, '心内科', 'outpatient', '3诊室', NULL, 6,"
            " '9:00', '10:00', 10, %s",
            [roster, self.expert, self.house, today],
        )
        return roster

    def session(self, capacity: int = SEATS, hours: int = 0, minutes: int = 30) -> UUID:
        """A session some days from now; `hours` later than others."""
        session, roster = new_id(), new_id()
        noon = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = noon + timedelta(days=4, hours=hours)
        end = begin + timedelta(minutes=minutes)
        day = begin.date()
        promised = "'心内科', 'outpatient', '3诊室'"
        self.link.execute(
            f"INSERT INTO roster SELECT %s, %s, %s, {promised}, NULL, 1, '9:00', '10:00', %s, %s",
            [roster, self.expert, self.house, capacity, day],
        )
        self.link.execute(
            "INSERT INTO clinic_session SELECT %s, id, expert_id, institution_id, specialty,"
            " service, room, NULL, %s, %s, %s, now() - interval '1 day', %s FROM roster"
            " WHERE id = %s",
            [session, day, begin, end, capacity, roster],
        )
        rows = [(new_id(), session, *seat) for seat in seat_windows(begin, end, capacity)]
        self.link.cursor().executemany("INSERT INTO clinic_seat VALUES (%s, %s, %s, %s, %s)", rows)
        return session

    def resident(self) -> UUID:
        """Somebody whom messages can be for."""
        person = new_id()
        self.link.execute(
            "INSERT INTO resident (id, name, id_number_sealed, id_number_index, birth_date, sex,"
            " verified_at) VALUES (%s, '王桂芬', '', %s, '1962-03-08', 'female', now())",
            [person, person.bytes],
        )
        return person

    def load(self, session: UUID) -> tuple[int, int, int]:
        """What the counter says, live bookings, seats that are not free."""
        row = self.link.execute(LOAD, [session]).fetchone()
        assert row is not None
        return row[0], row[1], row[2]


def acting(person: UUID) -> Context:
    """The context in which a verified resident acts now."""
    actor = Actor(person, Role.RESIDENT, frozenset({person}))
    return entry.context(actor, entry.moment(), person, consent="1")


def outcome(person: UUID, session: UUID) -> str:
    """Book once; `booked` or the code of the refusal."""
    try:
        with transaction():
            clinics.book(acting(person), session)
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "booked"


def managing(house: UUID) -> Context:
    """The context in which a manager of the house acts now."""
    own = frozenset({house})
    return entry.context(Actor(new_id(), Role.MANAGER, own, house, own), entry.moment())


def either(act: object, *given: object) -> object:
    """One of several acts in a race."""
    return act(*given)  # type: ignore[operator]


def book_once(person: UUID, session: UUID) -> UUID:
    """Book, and commit."""
    with transaction():
        return clinics.book(acting(person), session).id


def give_back(person: UUID, booking: UUID) -> str:
    """Cancel, and commit."""
    with transaction():
        ctx = acting(person)
        clinics.cancel(ctx, clinics.hold(ctx, booking))
    return "cancelled"
