"""Two acts that collide, in real processes; and that a withdrawal is obeyed within a minute."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from clinic_builders import a_roster, a_session
from conftest import environment
from databases import admin_url
from flask import Flask
from people import by_itself
from privacy_builders import OVER, UNDER_WAY, Life
from processes import eventually
from races import race

from backend import clinics, identity, privacy
from backend.assembly import assemble, release
from backend.clinics.claim import hold_person
from backend.identity import Purpose, standing
from backend.kernel import entry
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import ROOT, Settings
from jobs import relay


def acting(person: UUID, account: UUID) -> Context:
    actor = Actor(account, Role.RESIDENT, frozenset({account}))
    text = identity.consent_text(Purpose.HEALTH_DATA)
    return entry.context(actor, entry.moment(), person, consent=text.version)


def book(person: UUID, account: UUID, session: UUID) -> str:
    """Book while the trigger waits a moment, so that the other act overlaps for certain."""
    try:
        with transaction():
            clinics.book(acting(person, account), session)
            time.sleep(1.0)
    except Exception as refused:
        if "is closed" not in str(refused):
            raise
        return "closed"
    return "booked"


def withdraw(person: UUID, account: UUID, _session: UUID) -> str:
    time.sleep(0.4)
    with transaction():
        ctx = acting(person, account)
        identity.withdraw(ctx, Purpose.HEALTH_DATA)
    return "withdrawn"


def book_late(person: UUID, account: UUID, session: UUID) -> str:
    """The request was recognised before the withdrawal, and books after it."""
    ctx = acting(person, account)
    time.sleep(1.0)
    try:
        with transaction():
            clinics.book(ctx, session)
    except Exception as refused:
        if "is closed" not in str(refused):
            raise
        return "closed"
    return "booked"


def cancel(person: UUID, account: UUID, _request: UUID) -> str:
    with transaction():
        ctx = acting(person, account)
        privacy.cancel_deletion(ctx, privacy.hold_deletion(ctx))
        time.sleep(0.5)
    return "cancelled"


def carry_out(_person: UUID, _account: UUID, request: UUID) -> str:
    time.sleep(0.2)
    with transaction():
        late = entry.context(by_itself().actor, entry.moment() + timedelta(days=16))
        privacy.carry_out(late, privacy.hold_request(request))
    return "erased"


def carry_out_unheld(_person: UUID, _account: UUID, request: UUID) -> str:
    """As the sweep would without the lock on the request."""
    time.sleep(0.2)
    with transaction():
        late = entry.context(by_itself().actor, entry.moment() + timedelta(days=16))
        privacy.carry_out(late, db.session.get_one(privacy.DeletionRequest, request))
    return "erased"


def either(act, *given):
    return act(*given)


class Seeded:
    """A committed life, and who acts in it."""

    def __init__(self, url: str, journal: Path) -> None:
        self.url, self.app = url, assemble(Settings.from_env(environment(url, journal)))
        with self.app.app_context():
            with transaction():
                self.life = Life()
                self.person = self.life.resident_id
                own = db.session.query(identity.Account).filter_by(resident_id=self.person)
                self.account = own.one().id
                begins = entry.moment() + timedelta(days=3)
                self.session = a_session(a_roster(), starts_at=begins).id
            db.session.remove()

    def live_bookings(self) -> int:
        with self.app.app_context():
            found = db.session.query(clinics.Booking).filter_by(
                resident_id=self.person, state="booked", session_id=self.session
            )
            return found.count()


def drain(app: Flask) -> None:
    with app.app_context():
        relay.drain()


def test_no_seat_outlives_a_withdrawal(own_database: str, tmp_path: Path) -> None:
    seeded = Seeded(own_database, tmp_path)
    given = (seeded.person, seeded.account, seeded.session)
    acts = [(book, *given), (withdraw, *given)]
    assert race(own_database, either, acts) == ["booked", "withdrawn"]
    drain(seeded.app)
    assert seeded.live_bookings() == 0
    release(seeded.app)


def late_booking(database: str, tmp_path: Path, worker: str, guarded: bool) -> tuple[list, int]:
    seeded = Seeded(database, tmp_path)
    if not guarded:
        with psycopg.connect(admin_url(f"jiayi_own_{worker}"), autocommit=True) as link:
            link.execute("DROP TRIGGER open_person ON booking")
    given = (seeded.person, seeded.account, seeded.session)
    said = race(database, either, [(book_late, *given), (withdraw, *given)])
    live = seeded.live_bookings()
    release(seeded.app)
    return said, live


def test_a_request_recognised_before_books_nothing_after(
    own_database: str, tmp_path: Path, worker: str
) -> None:
    assert late_booking(own_database, tmp_path, worker, True) == (["closed", "withdrawn"], 0)


def test_without_the_guard_it_books(own_database: str, tmp_path: Path, worker: str) -> None:
    """The negative control."""
    assert late_booking(own_database, tmp_path, worker, False) == (["booked", "withdrawn"], 1)


def book_in_turn(person: UUID, account: UUID, session: UUID) -> str:
    """Have the person's turn before the claim, as a move has."""
    try:
        with transaction():
            hold_person(person)
            time.sleep(1.0)
            clinics.book(acting(person, account), session)
    except Exception as refused:
        if "is closed" not in str(refused):
            raise
        return "closed"
    return "booked"


def agree_again(person: UUID, account: UUID, _session: UUID) -> str:
    time.sleep(0.4)
    with transaction():
        standing.lift(acting(person, account), person)
    return "open"


def test_agreeing_again_and_booking_do_not_deadlock(own_database: str, tmp_path: Path) -> None:
    seeded = Seeded(own_database, tmp_path)
    given = (seeded.person, seeded.account, seeded.session)
    assert race(own_database, withdraw, [given]) == ["withdrawn"]
    said = race(own_database, either, [(book_in_turn, *given), (agree_again, *given)])
    assert (said, seeded.live_bookings()) == (["closed", "open"], 0)
    release(seeded.app)


def cancelled_meanwhile(database: str, tmp_path: Path, sweep) -> tuple[list, bool]:
    """What both were told, and whether the person is erased."""
    seeded = Seeded(database, tmp_path)
    with seeded.app.app_context(), transaction():
        ctx = acting(seeded.person, seeded.account)
        request = privacy.ask_deletion(ctx, privacy.of_deletion(ctx).digest).id
    given = (seeded.person, seeded.account, request)
    said = race(database, either, [(cancel, *given), (sweep, *given)])
    with seeded.app.app_context():
        is_erased = db.session.get_one(identity.Resident, seeded.person).erased_at is not None
    release(seeded.app)
    return said, is_erased


def test_a_deletion_is_cancelled_or_carried_out(own_database: str, tmp_path: Path) -> None:
    found = cancelled_meanwhile(own_database, tmp_path, carry_out)
    assert found == (["cancelled", "illegal-move"], False)


def test_without_the_lock_who_stayed_is_erased(own_database: str, tmp_path: Path) -> None:
    """The negative control."""
    found = cancelled_meanwhile(own_database, tmp_path, carry_out_unheld)
    assert found == (["cancelled", "erased"], True)


def test_a_withdrawal_is_obeyed_within_a_minute(own_database: str, tmp_path: Path) -> None:
    seeded = Seeded(own_database, tmp_path)
    settings = dict(os.environ) | environment(own_database, tmp_path)
    jobs = [
        subprocess.Popen([sys.executable, "-m", "jobs.runner", "relay"], cwd=ROOT, env=settings)
        for _ in range(2)
    ]
    try:
        with seeded.app.app_context(), transaction():
            assert {**seeded.life.states, "waiting": 1} == UNDER_WAY
            identity.withdraw(acting(seeded.person, seeded.account), Purpose.HEALTH_DATA)
        began = time.monotonic()
        assert eventually(lambda: over(seeded), 60)
        assert time.monotonic() - began < 60
    finally:
        for one in jobs:
            one.terminate()
            one.wait(30)
        release(seeded.app)


def over(seeded: Seeded) -> bool:
    with seeded.app.app_context():
        return seeded.life.states == OVER
