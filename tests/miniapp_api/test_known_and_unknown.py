"""What exists and what does not answer alike to who may not know: same words, same queries."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from a_region import Region, a_region
from flask import Flask
from listening import listening
from people import a_member_of_staff, a_resident, headers_of
from werkzeug.test import TestResponse

from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from tools.openapi import document_without_servers

BY_THE_CLOCK = ("SAVEPOINT", "FROM signing_key")  # a process reads its keys now and then
# Everybody may know that these are there: what is printed on doors; to managers, the queue.
PUBLIC = (
    "/api/v1/open/",
    "/api/v1/demo/",
    "/api/v1/doctor/clinics/",
    "/api/v1/doctor/teams/",
    "/api/v1/manager/teams/",
    "/api/v1/manager/messages/",
)
ABOUT_ONE = [
    (method.upper(), path)
    for path, operations in document_without_servers()["paths"].items()
    for method, operation in operations.items()
    if method != "parameters"
    and "_id}" in path  # other words of a path are known to everybody
    and not path.startswith(PUBLIC)
    and "requestBody" not in operation
]
ROLES = {
    "doctor": Role.DOCTOR,
    "manager": Role.MANAGER,
    "staff": Role.NURSE,
    "auditor": Role.AUDITOR,
}


@dataclass
class Said:
    """An answer without what differs from request to request, and what it asked the database."""

    status: int
    body: Any
    headers: list[str]
    asked: list[str]


@pytest.fixture
def region(app: Flask) -> Region:
    found = a_region()
    db.session.commit()
    return found


def a_stranger(audience: str) -> dict[str, str]:
    person = a_resident("路人") if audience == "resident" else a_member_of_staff(ROLES[audience])
    told = headers_of(person)
    db.session.commit()
    return told


def say(app: Flask, method: str, path: str, headers: dict[str, str]) -> Said:
    db.session.expire_all()
    with listening() as heard:
        answer: TestResponse = app.test_client().open(path, method=method, headers=headers)
    kept = [f"{name}: {value}" for name, value in answer.headers if name != "X-Request-Id"]
    asked = [words for words in heard if not any(one in words for one in BY_THE_CLOCK)]
    return Said(answer.status_code, answer.json, kept, asked)


def filled(path: str, ids: dict[str, UUID]) -> str:
    for name, value in ids.items():
        path = path.replace("{" + name + "}", str(value))
    return path


@pytest.mark.parametrize("audience", sorted({path.split("/")[3] for _, path in ABOUT_ONE}))
def test_a_stranger_cannot_tell_what_is_there(app: Flask, region: Region, audience: str) -> None:
    told = [
        (method, path)
        for method, path in ABOUT_ONE
        if path.split("/")[3] == audience and tells(app, region, method, path)
    ]
    assert told == []


def tells(app: Flask, region: Region, method: str, path: str) -> bool:
    """Whether one may hear that something is there."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    assert set(names) <= region.ids.keys(), "tests/a_region.py needs one of this kind"
    stranger = a_stranger(path.split("/")[3])
    there = say(app, method, filled(path, {n: region.ids[n][0] for n in names}), stranger)
    nowhere = say(app, method, filled(path, {n: new_id() for n in names}), stranger)
    says_nothing = there.status >= 400 or there.body in ({"items": [], "next": None}, [])
    return there != nowhere or not says_nothing


def test_acting_for_somebody_else_tells_nothing_of_them(app: Flask, region: Region) -> None:
    stranger = a_stranger("resident")
    for path in ("/api/v1/resident/bookings", "/api/v1/resident/readings"):
        told = [
            say(app, "GET", path, stranger | {"Jiayi-Person": str(person)})
            for person in (region.ids["resident_id"][0], new_id())
        ]
        assert told[0] == told[1]
        assert told[0].status in {403, 404}


def test_the_difference_would_be_heard(app: Flask, region: Region) -> None:
    """The control: who may know gets another answer, by other queries."""
    own = region.headers["resident"][0]
    path = "/api/v1/resident/prescriptions/{prescription_id}"
    there = say(
        app, "GET", filled(path, {"prescription_id": region.ids["prescription_id"][0]}), own
    )
    nowhere = say(app, "GET", filled(path, {"prescription_id": new_id()}), own)
    assert (there.status, nowhere.status) == (200, 404)
    assert there.asked != nowhere.asked
