"""Every route × every relation, over HTTP, against a table that no code reads.

A cell says what becomes of the request: `+` allowed, on what is hers; `o` allowed, and nothing of
hers is in it; `401`, `403`, `404` refused. Allowed is what was done, and what was refused for a
reason of the matter (409, 422) to somebody who may. Each answer is held against the log as well:
whoever is shown a resident is written down, by any method, in one row.
"""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from matrix_walk import asked, routes, undisclosed, walked
from matrix_world import World
from sqlalchemy import Connection

TABLE = Path(__file__).with_name("matrix.csv")


def table() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    found = {f"{row.pop('method')} {row.pop('path')}": row for row in rows}
    assert len(found) == len(rows), "a route has two rows"
    return found


EXPECTED = table()


def test_every_route_has_a_row_and_every_row_a_route(whole_app: Flask) -> None:
    assert routes(whole_app) - EXPECTED.keys() == set(), "routes without a row"
    assert EXPECTED.keys() - routes(whole_app) == set(), "rows of routes that are gone"


def test_every_cell_is_filled_and_every_column_walked(world: World) -> None:
    for route, row in EXPECTED.items():
        assert row.keys() == world.callers.keys(), route
        assert set(row.values()) <= {"+", "o", "401", "403", "404"}, route
    assert len(world.callers) >= 20
    assert sum(map(len, EXPECTED.values())) >= 1000


# They take a code of WeChat's that is good once, or what is the caller's own alone.
TRIED_ELSEWHERE = {
    "POST /open/resident-sessions",
    "POST /open/staff-sessions",
    "POST /open/staff-invitations/acceptance",
    "PUT /resident/me/phone",
    "DELETE /resident/me/people/{mandate_id}",
    "POST /resident/me/death-report/objection",
    "POST /doctor/messages/{message_id}/read",
}


def test_a_row_that_refuses_everybody_is_tried_elsewhere() -> None:
    """Else nobody would notice when the route refuses those it is for."""
    shut = {route for route, row in EXPECTED.items() if not {"+", "o"} & set(row.values())}
    assert shut == TRIED_ELSEWHERE


@pytest.mark.parametrize("route", EXPECTED)
def test_who_may(route: str, world: World, client: FlaskClient, connection: Connection) -> None:
    assert walked(route, world, client, connection) == EXPECTED[route]


def test_the_walk_would_notice_an_answer_that_is_not_logged(
    world: World, client: FlaskClient, connection: Connection
) -> None:
    """The negative control: the same answer without its row, and with one too many."""
    route = "GET /doctor/residents/{resident_id}/readings"
    done = asked(route, world, client, connection, "signed_doctor", {})
    assert undisclosed(route, None, world, done) == ""
    assert "unlogged" in undisclosed(route, None, world, replace(done, rows=[]))
    assert "2 rows" in undisclosed(route, None, world, replace(done, rows=[*done.rows] * 2))
