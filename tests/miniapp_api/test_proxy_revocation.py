"""The end of a family member's mandate is felt by the next request of every worker."""

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import environment
from mandate_builders import a_mandate
from people import a_resident, by_itself
from serving import WORKERS, ask, entered, restart_cache

from backend import identity
from backend.assembly import assemble, release
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings
from tools.launch.stack import Part, Stack

REQUESTS = 16


@pytest.fixture
def family(served_database: str, tmp_path: Path) -> tuple[str, str]:
    """A mother and a son who may act for her: her id, and that of the mandate."""
    app = assemble(Settings.from_env(environment(served_database, tmp_path)))
    with app.app_context(), transaction():
        her, son = a_resident("韩桂兰"), a_resident("韩小军")
        for person, openid in [(her, "her"), (son, "son")]:
            db.session.query(identity.Account).filter_by(
                resident_id=person.id
            ).one().openid = openid
        last_day = by_itself().today + timedelta(days=30)
        told = str(her.id), str(a_mandate(her, son, until=last_day).id)
    release(app)
    return told


def test_who_was_ended_acts_on_no_worker(family: tuple[str, str], stack: Stack) -> None:
    her, mandate = family
    port = stack.services[Part.API].port
    mother, son = (entered(stack, openid, "resident")["access_token"] for openid in ("her", "son"))

    def acting() -> set[int]:
        path = "/api/v1/resident/bookings"
        return {ask(port, "GET", path, token=son, person=her)[0] for _ in range(WORKERS * REQUESTS)}

    assert acting() == {200}
    path = f"/api/v1/resident/me/proxies/{mandate}"
    assert ask(port, "DELETE", path, token=mother)[0] == 200
    assert acting() == {404}
    restart_cache(stack)
    assert acting() == {404}
