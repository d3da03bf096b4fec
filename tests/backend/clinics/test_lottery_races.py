"""Draws with real processes: one entry a person, a list that nobody slips out of, drawn once."""

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit
from uuid import UUID

from clinic_database import Database, acting, either
from conftest import environment
from databases import slow_down_inserts
from processes import eventually
from races import race
from sqlalchemy import update

from backend import clinics
from backend.assembly import assemble
from backend.clinics import lottery_queries
from backend.clinics.lottery_models import LotteryDraw
from backend.clinics.lottery_rules import commitment
from backend.kernel import entry
from backend.kernel.context import CLOCK, Context
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from config.settings import Settings
from jobs import draws as jobs

SEATS = 3
SEED = bytes(range(32))


def by_itself() -> Context:
    return entry.context(CLOCK, entry.moment())


def announce(session: UUID, closes_in: float) -> datetime:
    """A draw that has been open for an hour and closes in some seconds."""
    now = entry.moment()
    closes = now + timedelta(seconds=closes_in)
    hours = {"made_at": now - timedelta(hours=2), "opens_at": now - timedelta(hours=1)}
    hours |= dict.fromkeys(("closes_at", "draws_at", "rest_at"), closes)
    seed = {"commitment": commitment(SEED), "seed": SEED.hex()}
    draw = LotteryDraw(session_id=session, **seed, **hours)
    with transaction():
        of_session = clinics.ClinicSession.id == session
        lottery = {"allocation": clinics.Allocation.LOTTERY}
        db.session.execute(update(clinics.ClinicSession).where(of_session).values(lottery))
        db.session.add(draw)
    return closes


def arrange(database: Database, closes_in: float = 0.0) -> UUID:
    session = database.session(capacity=SEATS)
    race(database.url, announce, [(session, closes_in)])
    return session


def join(person: UUID, session: UUID) -> str:
    try:
        with transaction():
            clinics.join_draw(acting(person), session, wants_waiting=False)
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "joined"


def joined(database: Database, session: UUID, people: int) -> None:
    """These took part, as the database knows it."""
    for _ in range(people):
        database.link.execute(
            "INSERT INTO lottery_entry SELECT %s, id, session_id, %s, gen_random_uuid(), 1, '',"
            " false, opens_at FROM lottery_draw WHERE session_id = %s",
            [new_id(), database.resident(), session],
        )


def test_five_accounts_of_one_person_are_one_entry(database: Database) -> None:
    session, person = arrange(database, 60), database.resident()
    answers = Counter(race(database.url, join, [(person, session)] * 5))
    assert answers == {"joined": 1, "already-joined": 4}


def test_without_the_constraint_they_are_more(database: Database) -> None:
    """The negative control."""
    session, person = arrange(database, 60), database.resident()
    database.link.execute("DROP INDEX uq_lottery_entry_person")
    assert race(database.url, join, [(person, session)] * 5).count("joined") > 1


def close(pause: float) -> str:
    time.sleep(pause)
    return f"{jobs.close()} closed"


def join_late(person: UUID, session: UUID, guarded: bool) -> str:
    """Ask within the window, and take so long that it closes meanwhile."""
    if not guarded:
        lottery_queries.share = lambda _session: None
    return join(person, session)


def listed(database: Database, guarded: bool) -> tuple[int, int]:
    """Who joined in time, and who is on the list that was closed meanwhile."""
    session = arrange(database, 1.5)
    slow_down_inserts(urlsplit(database.url).path.strip("/"), "lottery_entry", 2.5)
    if not guarded:  # its foreign key alone would let the list wait as well
        database.link.execute(
            "ALTER TABLE lottery_entry DROP CONSTRAINT fk_lottery_entry_session_id_clinic_session"
        )
    acts = [(join_late, database.resident(), session, guarded), (close, 1.7)]
    assert race(database.url, either, acts) == ["joined", "1 closed"]
    return (
        count(database, "SELECT count(*) FROM lottery_entry"),
        count(database, "SELECT count(*) FROM lottery_ticket"),
    )


def count(database: Database, words: str) -> int:
    row = database.link.execute(words).fetchone()  # type: ignore[call-overload]
    return int(row[0])


def test_who_joins_in_the_last_second_is_on_the_list(database: Database) -> None:
    assert listed(database, guarded=True) == (1, 1)


def test_without_the_sessions_lock_one_is_lost(database: Database) -> None:
    """The negative control."""
    assert listed(database, guarded=False) == (1, 0)


def tick(_number: int) -> int:
    return jobs.close() + jobs.hold()


def results(database: Database, session: UUID) -> tuple[int, int, Sequence[tuple[str, int]]]:
    """Results, revealed seeds that are the one promised, outcomes."""
    told = "SELECT outcome, count(*) FROM lottery_rank GROUP BY 1 ORDER BY 1"
    return (
        count(database, "SELECT count(*) FROM lottery_result"),
        count(
            database,
            "SELECT count(*) FROM lottery_result r JOIN lottery_draw d ON d.id = r.draw_id"
            " WHERE sha256(r.seed) = d.commitment",
        ),
        database.link.execute(told).fetchall(),
    )


DRAWN_ONCE = (1, 1, [("not_drawn", 5), ("won", SEATS)])


def test_two_job_processes_draw_once(database: Database) -> None:
    session = arrange(database)
    joined(database, session, SEATS + 5)
    race(database.url, tick, [(n,) for n in range(3)])
    assert results(database, session) == DRAWN_ONCE
    assert database.load(session) == (SEATS, SEATS, SEATS)


def drawing(url: str) -> None:
    app = assemble(Settings.from_env(environment(url, Path(mkdtemp()))))
    with app.app_context():
        tick(0)


@contextmanager
def in_the_middle(database: Database):  # type: ignore[no-untyped-def]
    """A process that draws and has given seats, but is not done."""
    name = urlsplit(database.url).path.strip("/")
    slow_down_inserts(name, "lottery_rank", 0.4)
    process = get_context("forkserver").Process(target=drawing, args=(database.url,))
    process.start()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    busy += " AND pid <> pg_backend_pid() AND query LIKE '%%INSERT INTO lottery_rank%%'"
    assert eventually(lambda: count(database, busy.replace("%%", "%")) > 0, 30)
    yield process
    process.join()


def test_a_kill_in_the_middle_of_a_draw_leaves_it_to_the_next(database: Database) -> None:
    session = arrange(database)
    joined(database, session, SEATS + 5)
    with in_the_middle(database) as process:
        os.kill(process.pid or 0, signal.SIGKILL)
    quiet = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    assert eventually(lambda: count(database, quiet) == 1, 30)
    assert count(database, "SELECT count(*) FROM lottery_result") == 0
    assert database.load(session) == (0, 0, 0)
    database.link.execute("DROP FUNCTION dawdle CASCADE")
    race(database.url, tick, [(n,) for n in range(2)])
    assert results(database, session) == DRAWN_ONCE
    assert database.load(session) == (SEATS, SEATS, SEATS)
