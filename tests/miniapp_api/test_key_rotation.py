"""Keys change while people are served: nobody is turned away, and what is revoked opens nothing."""

import base64
import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from api_server import serving
from commands import manage
from conftest import KEY, environment
from databases import KID, admin_url, url
from people import a_resident, token_of
from processes import eventually

from backend import identity
from backend.assembly import assemble, release
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings
from miniapp_api.application import create_app

pytestmark = pytest.mark.long

LEARNT_S, FELT_S, BREATH_S = 5, 5, 0.02
NEW = "f2:" + base64.b64encode(b"n" * 32).decode()
BOTH = f"{NEW},f1:{KEY}"


class Office:
    """The operator's commands, and one resident with tokens."""

    def __init__(self, database_url: str, owner_url: str, folder: Path) -> None:
        self.settings = environment(database_url, folder) | {"MIGRATOR_DATABASE_URL": owner_url}
        self.app = assemble(Settings.from_env(self.settings | {"FIELD_KEYS": f"f1:{KEY},{NEW}"}))
        with self.app.app_context(), transaction():
            person = a_resident()
            self.resident_id = person.id

    def keys(self, *words: str, status: int = 0, **changes: str) -> list[dict[str, Any]]:
        """`manage.py keys …`, and the lines of its answer."""
        done = manage("keys", *words, settings=self.settings | changes)
        assert done.returncode == status, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def fill(self, many: int) -> list[UUID]:
        """So many other residents."""
        with self.app.app_context(), transaction():
            return [a_resident().id for _ in range(many)]

    def token(self) -> str:
        """A fresh token, by the key that signs now."""
        with self.app.app_context(), transaction():
            person = db.session.get(identity.Resident, self.resident_id)
            assert person
            return token_of(person)


@pytest.fixture
def office(own_database: str, worker: str, tmp_path: Path) -> Iterator[Office]:
    office = Office(own_database, url(f"jiayi_own_{worker}", "jiayi_migrator"), tmp_path)
    yield office
    release(office.app)


def ask(port: int, token: str) -> int:
    """One request on a connection of its own, so that any worker may get it."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", "/api/v1/resident/me", headers={"Authorization": f"Bearer {token}"})
        return link.getresponse().status
    finally:
        link.close()


def answers(port: int, token: str) -> set[int]:
    """Of so many requests that every worker has had some."""
    return {ask(port, token) for _ in range(40)}


class Crowd:
    """Requests again and again, each with a token issued lately."""

    def __init__(self, office: Office, port: int) -> None:
        self.answers: Counter[int] = Counter()
        self.office, self.port, self.over = office, port, Event()
        self.thread = Thread(target=self._go)

    def _go(self) -> None:
        tokens = [self.office.token()]
        while not self.over.wait(BREATH_S):
            tokens = [*tokens[-20:], self.office.token()]
            for token in (tokens[0], tokens[-1]):
                self.answers[ask(self.port, token)] += 1

    def __enter__(self) -> "Crowd":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


def test_a_rotation_turns_nobody_away_and_a_revocation_everybody(
    office: Office, own_database: str, tmp_path: Path
) -> None:
    first = office.token()
    with serving(own_database, tmp_path) as port:
        with Crowd(office, port) as crowd:
            [told] = office.keys("rotate", "--signs-after", str(LEARNT_S))
            time.sleep(LEARNT_S + 1.5)
        assert set(crowd.answers) == {200}
        assert crowd.answers[200] > 50
        second = office.token()
        by_key = {line["signing_key"]: line["state"] for line in office.keys("list")[:-1]}
        assert by_key == {told["published"]: "signs", KID: "verifies"}
        assert {ask(port, first), ask(port, second)} == {200}

        office.keys("revoke", KID)
        assert eventually(lambda: answers(port, first) == {401}, FELT_S)
        assert answers(port, second) == {200}
        office.keys("revoke", KID, status=1)

        office.keys("revoke", told["published"])
        assert eventually(lambda: answers(port, second) == {401}, FELT_S)
        assert {ask(port, office.token()) for _ in range(10)} == {200}


def test_field_keys_change_while_people_are_served(
    office: Office, own_database: str, tmp_path: Path
) -> None:
    office.fill(300)
    with serving(own_database, tmp_path, FIELD_KEYS=BOTH, API_WORKERS="1") as port:
        with Crowd(office, port) as crowd:
            *_, told = office.keys("reencrypt", "--batch", "50", FIELD_KEYS=BOTH)
        assert set(crowd.answers) == {200}
    assert told["complete"]
    assert list(told["rows_by_key"]) == ["f2"]
    assert told["rows_by_key"]["f2"] > 600
    assert office.keys("check", FIELD_KEYS=NEW)[-1]["unreadable"] == 0
    *_, again = office.keys("reencrypt", FIELD_KEYS=NEW)
    assert again == told
    token, app = (
        office.token(),
        create_app(Settings.from_env(office.settings | {"FIELD_KEYS": NEW})),
    )
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/resident/me", headers=headers).status_code == 200
    release(app)


def test_a_ciphertext_in_a_strange_place_is_named_and_not_shown(
    office: Office, own_database: str, worker: str, tmp_path: Path
) -> None:
    """Of another row, column or table: 500 for that read, and the log says where."""
    token, one = office.token(), office.resident_id
    [other] = office.fill(1)
    swaps = [
        f"UPDATE resident SET phone_sealed = id_number_sealed WHERE id = '{one}'",
        f"UPDATE account SET phone_sealed = (SELECT phone_sealed FROM resident WHERE id = '{one}')"
        f" WHERE resident_id = '{one}'",
        "UPDATE resident a SET id_number_sealed = b.id_number_sealed FROM resident b"
        f" WHERE a.id IN ('{one}', '{other}') AND b.id IN ('{one}', '{other}') AND a.id <> b.id",
    ]
    with serving(own_database, tmp_path, LOG_LEVEL="DEBUG", API_WORKERS="1") as port:
        assert ask(port, token) == 200
        with psycopg.connect(admin_url(f"jiayi_own_{worker}")) as link:
            for swap in swaps:
                link.execute(swap)  # type: ignore[arg-type]
        assert ask(port, token) == 500
    log = (tmp_path / "api.log").read_text()
    assert '"place": "account.phone:' in log or f'"place": "resident.id_number:{one}"' in log
    found = {line["unreadable"] for line in office.keys("check", status=1)[:-1]}
    assert {name.partition(":")[0] for name in found} == {
        "account.phone", "resident.phone", "resident.id_number",
    }  # fmt: skip
    assert {f"resident.id_number:{one}", f"resident.id_number:{other}"} <= found
    assert len(found) == 4
    complete = office.keys("reencrypt", status=1, FIELD_KEYS=BOTH)[-1]["complete"]
    assert not complete


def test_a_new_key_needs_time_to_be_known(office: Office) -> None:
    office.keys("rotate", "--signs-after", "1", status=2)
