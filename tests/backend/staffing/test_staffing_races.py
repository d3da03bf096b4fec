"""Two accept one invitation, sixty guess at once: with real processes, and without the guards."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MORNING, environment
from databases import slow_down_inserts
from flask import Flask
from people import a_member_of_staff
from races import race
from sqlalchemy import select
from staffing_builders import ANOTHER, PASSWORD, an_invitation, code_of, with_access

from backend import identity, staffing
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import ANYONE, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.events import EventRow
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from backend.staffing import lockouts, queries
from backend.staffing.joining import join
from backend.staffing.models import Invitation, Lockout
from config.settings import Settings

PROCESSES, GUESSES = 6, 10


@pytest.fixture
def apart(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An app whose commits are real, on the database of the race."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


def _unlocked(code: str) -> Invitation | None:
    return db.session.execute(queries._offered(code)).scalar_one_or_none()


def accept(code: str, openid: str, locked: bool) -> str:
    if not locked:
        queries.hold_offered = _unlocked
    with transaction():
        return str(join(entry.context(ANYONE, MORNING), code, openid).id)


def invited() -> str:
    with transaction():
        return an_invitation().code


def crowd(code: str, *, locked: bool) -> list[tuple[Any, ...]]:
    return [(code, f"o-number-{n}", locked) for n in range(6)]


def test_of_six_who_accept_one_invitation_one_is_let_in(apart: Flask, own_database: str) -> None:
    answers = race(own_database, accept, crowd(invited(), locked=True))
    assert answers.count("invitation-unknown") == 5
    assert db.session.query(identity.Staff).filter_by(role=Role.NURSE).count() == 1
    bound = db.session.query(identity.Account).filter(identity.Account.staff_id.is_not(None))
    assert len([one for one in bound if one.openid.startswith("o-number-")]) == 1


def test_without_the_lock_more_would_be(apart: Flask, own_database: str, worker: str) -> None:
    code = invited()
    slow_down_inserts(f"jiayi_own_{worker}", "staff", 0.5)
    answers = race(own_database, accept, crowd(code, locked=False))
    assert answers.count("invitation-unknown") < 5


def _unlocked_count(counted: bytes) -> Lockout:
    found = db.session.execute(select(Lockout).where(Lockout.key == counted)).scalar_one_or_none()
    time.sleep(0.05)
    if found is None:
        found = Lockout(id=new_id(), key=counted, failures=0, failed_at=lockouts.real_time())
        db.session.add(found)
    return found


def guess(login: str, many: int, guarded: bool, code: str | None = None) -> list[str]:
    """So many wrong guesses one after another; the wait is not kept, to make them meet."""
    lockouts.require_open = lambda _counted: None
    if not guarded:
        lockouts.hold = _unlocked_count
    told = []
    for _ in range(many):
        try:
            with transaction():
                ctx = entry.context(ANYONE, entry.moment())
                staffing.log_in_web(ctx, login, PASSWORD if code else ANOTHER, code)
            told.append("in")
        except Refusal as refusal:
            told.append(refusal.code)
    return told


def somebody() -> str:
    with transaction():
        own = with_access(a_member_of_staff(Role.DOCTOR))
        return code_of(own)


def counted(login: str) -> int:
    key = lockouts.key(lockouts.LOGIN, login)
    return db.session.query(Lockout).filter_by(key=key).one().failures


@pytest.mark.parametrize("login", ["zhou.wen", "nobody.here"])
def test_sixty_wrong_guesses_at_once_are_sixty(apart: Flask, own_database: str, login: str) -> None:
    somebody()
    told = race(own_database, guess, [(login, GUESSES, True)] * PROCESSES)
    assert [one for each in told for one in each] == ["login-refused"] * PROCESSES * GUESSES
    assert counted(login) == PROCESSES * GUESSES
    events = db.session.query(EventRow).filter_by(name="staffing.AccessRefused")
    assert sorted(row.payload["failures"] for row in events) == list(range(1, 61))


def test_without_the_lock_some_are_not_counted(apart: Flask, own_database: str) -> None:
    somebody()
    race(own_database, guess, [("zhou.wen", 1, True)])
    race(own_database, guess, [("zhou.wen", GUESSES, False)] * PROCESSES)
    assert counted("zhou.wen") < 1 + PROCESSES * GUESSES


def test_of_those_who_have_the_same_code_at_once_one_enters(
    apart: Flask, own_database: str
) -> None:
    code = somebody()
    told = [one for (one,) in race(own_database, guess, [("zhou.wen", 1, True, code)] * PROCESSES)]
    assert told.count("in") == 1
    assert set(told) <= {"in", "login-refused"}


def test_the_right_one_among_wrong_ones_has_to_wait(apart: Flask, own_database: str) -> None:
    """It was judged after a wrong one: right or not, it is told to wait."""
    code = somebody()
    wrong = [("zhou.wen", GUESSES, True)] * PROCESSES
    told = race(own_database, guess, [*wrong, ("zhou.wen", GUESSES, True, code)])
    assert set(told[-1][1:]) <= {"shut", "login-refused"}
    assert told[-1].count("in") <= 1
