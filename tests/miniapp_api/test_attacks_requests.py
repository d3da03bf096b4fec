"""Odd bodies, queries, paths, methods, headers: refused as problems, no 5xx, nothing lost."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from a_region import Region, a_region
from conftest import MORNING, environment
from databases import own
from flask import Flask
from oddities import BODIES, HEAVY, JSON, KEYS, METHODS, PATHS, PERSONS, QUERIES, TYPES, VALUES
from simulators import Simulator
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend.assembly import release
from backend.kernel.clock import FixedClock
from backend.kernel.database import db
from config.settings import Settings
from miniapp_api.application import create_app
from tools.openapi import document_without_servers

DOCUMENT = document_without_servers()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method != "parameters"
]
WRITING = [(m, p) for m, p, operation in OPERATIONS if "requestBody" in operation]
READING = [(m, p) for m, p, operation in OPERATIONS if m == "GET"]
ALL = [(m, p) for m, p, _ in OPERATIONS]
FACTS = [
    "event",
    "relation",
    "booking",
    "contract",
    "prescription",
    "followup",
    "resident",
    "account",
]


@pytest.fixture(scope="module")
def live(
    template: str, worker: str, wechat_process: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The API on a database whose commits stay, with somebody of each audience."""
    with own(template, f"jiayi_attacks_{worker}") as address:
        journal = tmp_path_factory.mktemp("journal")
        known = Settings.from_env(environment(address, journal, wechat_process.base))
        app = create_app(known, FixedClock(MORNING))
        with app.app_context():
            app.extensions["seeded"] = a_region()
            db.session.commit()
            db.session.remove()
            before = counts()
            yield app
            db.session.remove()
            assert counts() == before, "an attack made or lost something"
        release(app)


def counts() -> dict[str, int]:
    found = {
        name: db.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
        for name in FACTS
    }
    db.session.remove()
    return found


class Attacker:
    """Somebody who may enter, and sends what no client sends."""

    def __init__(self, app: Flask) -> None:
        self.client, self.region = app.test_client(), app.extensions["seeded"]

    def __call__(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> TestResponse:
        own: list[dict[str, str]] = self.region.headers.get((path.split("/") + [""] * 4)[3], [{}])
        told = own[0] | (headers or {})
        return self.client.open(self.concrete(path), method=method, headers=told, **options)

    def concrete(self, path: str) -> str:
        """The path about what there is."""
        region: Region = self.region
        for name, ids in region.ids.items():
            path = path.replace("{" + name + "}", str(ids[0]))
        while "{" in path:
            path = path[: path.index("{")] + "0" * 8 + path[path.index("}") + 1 :]
        return path


@pytest.fixture
def attack(live: Flask) -> Attacker:
    return Attacker(live)


def is_problem(answer: TestResponse) -> bool:
    return (
        400 <= answer.status_code < 500
        and answer.mimetype == "application/problem+json"
        and answer.json["type"].startswith("urn:jiayi:problem:")
        and any("一" <= letter <= "鿿" for letter in answer.json["title"] + answer.json["detail"])
    )


@pytest.mark.parametrize("operation", WRITING, ids=" ".join)
def test_odd_bodies(attack: Attacker, operation: tuple[str, str]) -> None:
    bad = {
        kind: answer.status_code
        for kind, body in BODIES.items()
        if not is_problem(answer := attack(*operation, data=body, headers=dict(JSON)))
    }
    assert bad == {}


@pytest.mark.parametrize("operation", WRITING, ids=" ".join)
def test_odd_kinds_of_content(attack: Attacker, operation: tuple[str, str]) -> None:
    found = {
        kind: answer.status_code
        for kind, headers in TYPES.items()
        if not is_problem(answer := attack(*operation, data=b'{"code":"x"}', headers=dict(headers)))
        or answer.status_code != 415
    }
    assert found == {}


LOGIN = ("POST", "/api/v1/open/resident-sessions")
BOOK = ("POST", "/api/v1/resident/bookings")


@pytest.mark.parametrize("kind", HEAVY)
@pytest.mark.parametrize("operation", [LOGIN, BOOK], ids=" ".join)
def test_heavy_bodies(attack: Attacker, operation: tuple[str, str], kind: str) -> None:
    assert is_problem(attack(*operation, data=HEAVY[kind], headers=dict(JSON)))


@pytest.mark.parametrize(("kind", "status"), [
    ("too large", 413), ("a name twice", 400), ("UTF-16", 400), ("a mark", 400), ("NaN", 400),
    ("deep lists", 400), ("very deep", 400), ("100,000 names", 400), ("a list", 422),
    ("an unknown name", 422), ("empty", 422), ("GBK", 400), ("10**5000", 400),
])  # fmt: skip
def test_each_oddity_has_its_status(attack: Attacker, kind: str, status: int) -> None:
    assert attack(*LOGIN, data=(BODIES | HEAVY)[kind], headers=dict(JSON)).status_code == status


def test_a_bomb_is_not_unpacked(attack: Attacker) -> None:
    bomb = gzip.compress(b'{"code":"' + b" " * 50_000_000 + b'"}')
    assert len(bomb) < 100_000
    answer = attack(*LOGIN, data=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_hundred_faults_are_told_fifty_times(attack: Attacker) -> None:
    body = json.dumps(dict.fromkeys(map(str, range(9_000)), 1)).encode()
    answer = attack(*LOGIN, data=body, headers=dict(JSON))
    assert answer.status_code == 422
    assert len(answer.json["errors"]) == 50


def is_sound(answer: TestResponse) -> bool:
    return answer.status_code in {200, 204} or is_problem(answer)


def names_of(method: str, path: str) -> list[str]:
    shared = DOCUMENT["paths"][path].get("parameters", [])
    own = DOCUMENT["paths"][path][method.lower()].get("parameters", [])
    return [told["name"] for told in [*shared, *own] if told.get("in") == "query"]


@pytest.mark.parametrize("operation", READING, ids=" ".join)
def test_odd_queries(attack: Attacker, operation: tuple[str, str]) -> None:
    bad = {
        (name, value[:30]): answer.status_code
        for name in names_of(*operation)
        for value in VALUES
        if not is_sound(answer := attack(*operation, query_string={name: value}))
    }
    assert bad == {}


@pytest.mark.parametrize("query", QUERIES.values(), ids=list(QUERIES))
@pytest.mark.parametrize("path", [
    "/api/v1/open/institutions", "/api/v1/resident/bookings", "/api/v1/doctor/residents",
    "/api/v1/manager/contracts",
])  # fmt: skip
def test_odd_query_strings(attack: Attacker, path: str, query: str) -> None:
    assert is_problem(attack("GET", path, query_string=query))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:50])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_paths(attack: Attacker, method: str, path: str) -> None:
    answer = attack(method, path)
    assert is_problem(answer)
    assert answer.status_code in {400, 401, 404, 405, 414}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method[:20])
@pytest.mark.parametrize("path", [
    "/api/v1/open/institutions", "/api/v1/doctor/residents", "/healthz", "/docs", "/openapi.json",
])  # fmt: skip
def test_odd_methods(attack: Attacker, path: str, method: str) -> None:
    answer = attack(method, path)
    assert is_problem(answer)
    assert answer.status_code in {404, 405}


@pytest.mark.parametrize("header", [
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
])  # fmt: skip
def test_no_header_makes_another_method_of_a_read(attack: Attacker, header: str) -> None:
    path = "/api/v1/resident/me/phone"
    assert attack("GET", path, headers={header: "PUT"}).status_code == 405
    assert attack("POST", path, headers={header: "PUT"}).status_code == 405


@pytest.mark.parametrize(("header", "value"), [
    ("X-Original-URL", "/api/v1/doctor/residents"), ("X-Rewrite-URL", "/api/v1/doctor/residents"),
    ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/api/v1/doctor"),
    ("Host", "evil.example"), ("Host", ""), ("Host", "a b"), ("Host", "[::1"),
    ("Forwarded", "for=1"),
    ("X-Forwarded-For", "x" * 8000), ("X-Forwarded-For", "," * 300), ("Accept", "text/html"),
    ("Accept-Language", "xx;q=9"), ("Range", "bytes=0-0"), ("If-None-Match", "*"),
    ("If-Modified-Since", "x"), ("Cookie", "a=b; " * 100), ("Transfer-Encoding", "gzip"),
    ("Content-Length", "0"), ("Content-Type", "application/json; charset=" + "x" * 1000),
    ("X-Forwarded-Proto", "javascript"), ("X-Request-Id", "../../x\tx"), ("Expect", "x"),
])  # fmt: skip
def test_odd_headers_change_nothing(attack: Attacker, header: str, value: str) -> None:
    answer = attack("GET", "/api/v1/resident/me", headers={header: value})
    assert answer.status_code == 200
    assert answer.json["level"] == "verified"
    assert "x" not in answer.headers["X-Request-Id"]


def test_too_many_header_characters(attack: Attacker) -> None:
    answer = attack("GET", "/api/v1/resident/me", headers={"X-Long": "x" * 20_000})
    assert (answer.status_code, is_problem(answer)) == (431, True)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:20])
def test_odd_keys(attack: Attacker, key: str) -> None:
    told = {"Idempotency-Key": key.encode().decode("latin-1")} | JSON
    assert is_problem(attack("POST", "/api/v1/resident/bookings", data=b"{}", headers=told))


@pytest.mark.parametrize("person", PERSONS, ids=lambda person: person[:40])
def test_odd_persons(attack: Attacker, person: str) -> None:
    told = {"Jiayi-Person": person.encode().decode("latin-1")}
    for path in ("/api/v1/resident/bookings", "/api/v1/resident/readings"):
        answer = attack("GET", path, headers=told)
        assert is_problem(answer)
        assert answer.status_code in {403, 404, 422}


@pytest.mark.parametrize("operation", ALL, ids=" ".join)
def test_no_answer_opens_itself_to_other_sites(
    attack: Attacker, operation: tuple[str, str]
) -> None:
    told = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    asked = attack("OPTIONS", operation[1], headers=dict(told))
    headers = [*asked.headers]
    if operation[0] == "GET":
        headers += [*attack(*operation, headers=dict(told)).headers]
    assert not [name for name, _ in headers if name.lower().startswith("access-control")]
    assert "evil" not in str(headers)


DATED = (
    "first_on",
    "last_on",
    "day",
    "starts_on",
    "ends_on",
    "due_on",
    "to",
    "valid_until",
    "from",
)


@pytest.mark.parametrize("day", ["0001-01-01", "1799-12-31", "2301-01-01", "9999-12-31"])
@pytest.mark.parametrize("operation", WRITING, ids=" ".join)
def test_days_out_of_our_times(attack: Attacker, operation: tuple[str, str], day: str) -> None:
    """Each name that a schema knows as a day; the rest of the body may be missing."""
    for value in (day, f"{day}T00:00:00+08:00"):
        answer = attack(
            *operation, data=json.dumps(dict.fromkeys(DATED, value)), headers=dict(JSON)
        )
        assert is_problem(answer)
