"""Eight processes post one creation with one key: one effect, and the same bytes for all."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url, slow_down_inserts
from flask import current_app
from followup_builders import a_patient
from people import headers_of
from races import race

from backend.assembly import assemble
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings
from miniapp_api.application import create_app

KEY = "home-reading-race"


@pytest.fixture
def known(own_database: str, tmp_path: Path) -> Iterator[tuple[UUID, dict[str, str]]]:
    """A follow-up to be answered, and what the resident's phone sends along."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        with transaction():
            patient = a_patient()
            answering = patient.visit.id, headers_of(patient.resident)
        yield answering
        db.session.remove()
        db.engine.dispose()


def answer(followup_id: UUID, headers: dict[str, str]) -> tuple[int, bytes, bool]:
    """One reading from home, by HTTP; whether it was a replay comes last."""
    client = create_app(current_app.extensions["settings"], FixedClock(MORNING)).test_client()
    answered = client.post(
        f"/api/v1/resident/follow-ups/{followup_id}/answer",
        json={"systolic": 184, "diastolic": 112},
        headers={**headers, "Idempotency-Key": KEY},
    )
    return answered.status_code, answered.data, "Idempotency-Replayed" in answered.headers


def test_eight_posts_with_one_key_are_one(
    own_database: str, known: tuple[UUID, dict[str, str]]
) -> None:
    name = urlsplit(own_database).path.strip("/")
    slow_down_inserts(name, "measurement", 1)
    answers = race(own_database, answer, [known] * 8)
    assert {status for status, _, _ in answers} == {201}
    assert len({body for _, body, _ in answers}) == 1
    assert [replayed for _, _, replayed in answers].count(True) == 7
    with psycopg.connect(admin_url(name)) as link:
        assert link.execute("SELECT count(*) FROM measurement").fetchone() == (1,)
