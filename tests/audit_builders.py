"""A log of disclosures on a database of its own, and hands that tamper with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from conftest import MORNING, environment
from databases import admin_url
from flask import Flask
from people import by, logged_in

from backend import auditing, identity
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.disclosures import disclose
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction
from config.settings import Settings
from jobs import auditing as job

WHY = "患者昏迷，需要了解既往用药"
READER = Actor(new_id(), Role.DOCTOR, frozenset({new_id()}), new_id())


@contextmanager
def living(database_url: str, at: datetime = MORNING) -> Iterator[Flask]:
    """An app on a database whose commits stay."""
    app = assemble(Settings.from_env(environment(database_url, Path(mkdtemp()))), FixedClock(at))
    with app.app_context():
        yield app
        db.session.remove()
        release(app)


def reader() -> Context:
    """A doctor who is related to nobody."""
    return entry.context(READER, entry.moment())


def disclosed(number: int = 1) -> list[UUID]:
    """So many rows of the log, each in a transaction of its own; their ids in order."""
    for _ in range(number):
        with transaction():
            disclose(reader(), "doctor.test.read", [new_id()])
    with transaction():
        words = db.text("SELECT id FROM disclosure ORDER BY recorded_at, id")
        return list(db.session.execute(words).scalars())[-number:]


def sealed(batches: int = 3, rows: int = 2) -> list[UUID]:
    """So many seals of so many rows; the rows' ids in order."""
    ids = []
    for _ in range(batches):
        ids += disclosed(rows)
        assert job.seal() == rows
    return ids


def verified(**options: Any) -> auditing.Report:
    """The chain recomputed."""
    with transaction():
        return auditing.verify(**options)


def in_a_hurry(doctor: identity.Staff) -> Context:
    """The context of a doctor who gave the second factor a moment ago."""
    ctx = by(doctor)
    return replace(ctx, actor=replace(ctx.actor, stepped_up_at=datetime.now(UTC)))


def an_emergency(
    doctor: identity.Staff,
    resident: identity.Resident,
    kind: auditing.Emergency = auditing.Emergency.UNCONSCIOUS,
) -> auditing.EmergencyAccess:
    """This doctor opened this person's record."""
    return auditing.begin(in_a_hurry(doctor), auditing.Whom(resident.id), kind, WHY)


def stepped_up(doctor: identity.Staff) -> dict[str, str]:
    """What the doctor's phone sends after the second factor."""
    begun = logged_in(doctor)
    words = "UPDATE session SET stepped_up_at = now() WHERE id = :id"
    db.session.execute(db.text(words), {"id": begun.session_id})
    db.session.commit()
    return {"Authorization": f"Bearer {begun.token.text}"}


def tamper(database_url: str, words: str, *told: object) -> None:
    """Do it as the server's administrator, whom no privilege holds back."""
    with psycopg.connect(admin_url(urlsplit(database_url).path.strip("/"))) as link:
        link.execute(words, told)  # type: ignore[arg-type]
