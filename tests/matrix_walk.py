"""How the matrix is walked: one request a cell, each in a savepoint of its own."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from matrix_bodies import BODIES, QUERIES
from matrix_world import World
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from backend.kernel.database import db

PREFIX = "/api/v1"
# Routes of a demonstration that production does not have.
DEMO = re.compile(rf"{PREFIX}/demo/")
# Of whoever holds the phone, whomever the request names.
ABOUT_ACCOUNT = re.compile("/(resident|staff)/(me|subscriptions)")
REFUSED = {401, 403, 404}
OF_THE_MATTER = {409, 422}
# What reaches beyond us is made up, so that what was sent is at fault, for those who may.
MADE_UP = {"POST /resident/me/verification"}


def routes(app: Flask) -> set[str]:
    return {
        f"{method} {_template(rule.rule)}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and not DEMO.match(rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _template(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.removeprefix(PREFIX))


def walked(
    route: str, world: World, client: FlaskClient, connection: Connection
) -> Mapping[str, str]:
    """What becomes of one operation, by who asks."""
    told = {"json": BODIES[route](world)} if route in BODIES else {}
    query = QUERIES[route](world) if route in QUERIES else {}
    db.session.commit()
    return {
        column: _cell(route, world, client, connection, column, {**told, "query_string": query})
        for column in world.callers
    }


def _cell(
    route: str, world: World, client: FlaskClient, connection: Connection, column: str, told: Any
) -> str:
    done = asked(route, world, client, connection, column, told)
    said = _said(route, route.partition(" ")[2], world, done.answer)
    wrong = undisclosed(route, world.callers[column].resident_id, world, done)
    return f"{said} {wrong}" if wrong else said


@dataclass(frozen=True)
class Asked:
    """What one caller was answered, and for whom the log of disclosures got a row each."""

    answer: TestResponse
    rows: Sequence[Collection[UUID]]


def asked(
    route: str, world: World, client: FlaskClient, connection: Connection, column: str, told: Any
) -> Asked:
    """The answer to one caller, after which everything is as before."""
    method, _, template = route.partition(" ")
    path = template.format_map(_ids(world, template))
    with connection.begin_nested() as savepoint:
        if column == "no_consent":
            connection.execute(WITHDRAWN, {"her": world.facts["resident_id"]})
        headers = world.callers[column].headers
        answer = client.open(f"{PREFIX}{path}", method=method, headers=headers, **told)
        db.session.remove()
        rows = connection.execute(LOGGED).scalars().all()
        savepoint.rollback()
    return Asked(answer, rows)


# All cells share one transaction, whose moment each of their rows bears.
LOGGED = text("SELECT resident_ids FROM disclosure WHERE recorded_at = now()")


def _text(answer: TestResponse) -> str:
    """What was answered; a file may be no text."""
    return answer.get_data().decode("utf-8", "replace")


def undisclosed(route: str, caller: UUID | None, world: World, done: Asked) -> str:
    """What is wrong between an answer and the log, nothing where they agree.

    Residents are shown themselves, and the names of those who help one another; whoever acts for
    her, and everybody of the staff, is shown others.
    """
    body = _text(done.answer)
    shown = {one for one, marks in world.people.items() if any(mark in body for mark in marks)}
    logged = {one for row in done.rows for one in row}
    if route.split("/")[1] == "resident":
        shown &= {world.facts["resident_id"]}
    if missing := shown - logged - {caller}:
        return f"unlogged {missing}"
    return f"{len(done.rows)} rows for one answer" if len(done.rows) > 1 else ""


INSIDERS = {
    "open": "nobody",
    "resident": "self",
    "doctor": "signed_doctor",
    "manager": "manager_here",
    "staff": "signed_doctor",
    "auditor": "auditor",
}


def opened(
    route: str, world: World, client: FlaskClient, connection: Connection, told: Any
) -> TestResponse:
    """The answer to somebody whom the route is for."""
    return asked(route, world, client, connection, INSIDERS[route.split("/")[1]], told).answer


WITHDRAWN = text("UPDATE consent SET withdrawn_at = now() WHERE resident_id = :her")


def _ids(world: World, template: str) -> Mapping[str, object]:
    """A path's ids are hers; a session is a log-in below `me`, else a clinic's; at work today's."""
    if "/me/sessions/" in template:
        own = "staff_session" if template.startswith("/staff") else "own_session"
        return {**world.facts, "session_id": world.facts[own]}
    if "/draw" in template:
        return {**world.facts, "session_id": world.facts["other_draw"]}
    if template.startswith("/staff/clinics"):
        today = {"session_id": world.facts["day_session"], "booking_id": world.facts["day_booking"]}
        return {**world.facts, **today}
    return world.facts


def _said(route: str, template: str, world: World, answer: TestResponse) -> str:
    status = answer.status_code
    if status in REFUSED:
        return str(status)
    is_fault = status == 422 and answer.json["type"].endswith((":invalid", ":unprocessable"))
    if status >= 400 and (status not in OF_THE_MATTER or (is_fault and route not in MADE_UP)):
        return f"{status} {_text(answer)}"
    named = not ABOUT_ACCOUNT.match(template) and answer.headers.get("Jiayi-Person") == str(
        world.facts["resident_id"]
    )
    in_body = any(mark in _text(answer) for mark in world.marks)
    is_hers = "{" in template and not template.startswith("/open")
    return "+" if named or in_body or is_hers else "o"
