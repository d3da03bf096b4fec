"""Fifty refreshes at once, and what happens without the guards."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url, slow_down_inserts
from flask import current_app
from people import an_account, logged_in
from races import race

from backend import identity
from backend.assembly import assemble, release
from backend.identity import session_service
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import ANYONE
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from config.settings import Settings

PROCESSES, THREADS = 5, 10
# A request may begin before the one whose rotation it waits for: less than no time is never young.
NO_GRACE = timedelta(days=-1)
UNGUARDED = """
ALTER TABLE refresh_token DROP CONSTRAINT uq_refresh_token_hash,
  DROP CONSTRAINT uq_refresh_token_session_id_generation
"""


def crowd(token: str, *, grace: bool = True, locked: bool = True) -> Counter[str]:
    """Ten threads refresh with one token; what each got."""
    app = current_app._get_current_object()
    if not grace:
        session_service._HELD = session_service.held(session_service.seen(NO_GRACE))
    if not locked:
        session_service._HELD = session_service.seen()

    def one(_: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    ctx = entry.context(ANYONE, MORNING)
                    return identity.refresh(ctx, token).refresh_token
            except Refusal as refusal:
                return refusal.code

    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(one, range(THREADS)))


@pytest.fixture
def token(own_database: str, tmp_path: Path) -> str:
    """The refresh token of somebody who logged in."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context(), transaction():
        text = logged_in(an_account()).refresh_token
    release(app)
    return text


def rush(url: str, token: str, *how: bool) -> Counter[str]:
    given = dict(zip(("grace", "locked"), how, strict=False))
    return sum(race(url, _crowd, [(token, given)] * PROCESSES), Counter())


def _crowd(token: str, given: dict[str, bool]) -> Counter[str]:
    return crowd(token, **given)


def kept(url: str) -> tuple[int, int, int]:
    """Sessions that live, generations, and the rows of these."""
    with psycopg.connect(admin_url(urlsplit(url).path.strip("/"))) as link:
        row = link.execute(
            "SELECT count(DISTINCT s.id) FILTER (WHERE s.ended_at IS NULL),"
            " count(DISTINCT r.generation), count(*)"
            " FROM session s JOIN refresh_token r ON r.session_id = s.id"
        ).fetchone()
    assert row
    return row[0], row[1], row[2]


def test_fifty_refreshes_at_once_leave_one_family_and_lock_nobody_out(
    own_database: str, token: str
) -> None:
    answers = rush(own_database, token)
    assert list(answers.values()) == [PROCESSES * THREADS]
    (successor,) = answers
    assert kept(own_database) == (1, 2, 2)
    assert list(rush(own_database, successor).values()) == [PROCESSES * THREADS]
    assert kept(own_database) == (1, 3, 3)


def test_without_the_grace_the_honest_client_is_locked_out(own_database: str, token: str) -> None:
    answers = rush(own_database, token, False)
    assert answers["refresh-reused"] + answers["session-over"] == PROCESSES * THREADS - 1
    assert kept(own_database)[0] == 0


def test_without_lock_and_constraint_generations_are_doubled(own_database: str, token: str) -> None:
    name = urlsplit(own_database).path.strip("/")
    slow_down_inserts(name, "refresh_token", 0.05)
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        link.execute(UNGUARDED)
    rush(own_database, token, True, False)
    _, generations, rows = kept(own_database)
    assert rows > generations
