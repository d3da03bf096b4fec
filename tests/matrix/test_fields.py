"""What each audience reads and may write is an allow-list, kept by hand beside the contract."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from matrix_bodies import BODIES, QUERIES
from matrix_walk import PREFIX, opened, routes
from matrix_world import World
from sqlalchemy import Connection

from backend.kernel.database import db

KEPT = tomllib.loads(Path(__file__).with_name("fields.toml").read_text("utf-8"))
# Fields that are of a person wherever they stand, but for what institutions print on their doors.
TELLING = {
    "resident_name",
    "id_number",
    "birth_date",
    "sex",
    "age",
    "phone",
    "community",
    "systolic",
    "diagnoses",
    "symptoms",
    "lines",
}
PUBLIC = {"Institution", "House"}
REF = "#/components/schemas/"


@pytest.fixture(scope="module")
def contract(whole_app: Flask) -> Mapping[str, Any]:
    found: Mapping[str, Any] = whole_app.extensions["openapi"]
    return found


def fields_of(schema: Mapping[str, Any]) -> str:
    """The names of a shape's fields; behind a colon what they hold, where that has a shape."""
    found = schema.get("properties", {})
    return " ".join(sorted(f"{name}{_held(found[name])}" for name in found))


def _held(schema: Any) -> str:
    shapes = sorted(_shapes(schema))
    return f":{shapes[0]}" if shapes else ""


def _shapes(schema: Any) -> Iterator[str]:
    """Every shape that a schema names directly."""
    if isinstance(schema, Mapping):
        if str(schema.get("$ref", "")).startswith(REF):
            yield schema["$ref"].removeprefix(REF)
        for inner in schema.values():
            yield from _shapes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _shapes(inner)


def operations(contract: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """For each route: its query's names, the shape it takes, the shape it gives."""
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}": _told(operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if method != "parameters" and not path.startswith(f"{PREFIX}/demo/")
    }


def _told(operation: Mapping[str, Any]) -> dict[str, str]:
    query = " ".join(
        one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"
    )
    given = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
    told = {
        "query": query,
        "takes": next(_shapes(operation.get("requestBody", {})), ""),
        "gives": next(_shapes(given), ""),
    }
    return {name: words for name, words in told.items() if words}


def test_every_route_takes_and_gives_what_the_table_says(contract: Mapping[str, Any]) -> None:
    assert operations(contract) == KEPT["routes"]


def test_every_shape_has_the_fields_that_the_table_says(contract: Mapping[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    used = {shape for told in KEPT["routes"].values() for shape in reached(told, schemas)}
    found = {name: fields_of(schemas[name]) for name in sorted(used)}
    assert found == KEPT["shapes"]


def reached(told: Mapping[str, str], schemas: Mapping[str, Any]) -> set[str]:
    """Every shape that a route takes or gives, however deep."""
    waiting = [told[way] for way in ("takes", "gives") if way in told]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _shapes(schemas[name])
    return found


def test_what_is_of_a_person_is_given_to_the_audiences_that_need_it(
    contract: Mapping[str, Any],
) -> None:
    schemas = contract["components"]["schemas"]
    seen: dict[str, set[str]] = {}
    for route, told in KEPT["routes"].items():
        audience = route.split("/")[1]
        for shape in reached({"gives": told["gives"]} if "gives" in told else {}, schemas):
            seen.setdefault(shape, set()).add(audience)
    given = {shape: sorted(seen.get(shape, set())) for shape in KEPT["personal"]}
    assert given == KEPT["personal"]


def test_a_shape_that_tells_of_a_person_is_known_to_be_one(contract: Mapping[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    given = [{"gives": told["gives"]} for told in KEPT["routes"].values() if "gives" in told]
    used = {shape for told in given for shape in reached(told, schemas)} - PUBLIC
    telling = {name for name in used if TELLING & schemas[name].get("properties", {}).keys()}
    assert telling - KEPT["personal"].keys() == set()


def test_no_shape_takes_what_it_does_not_name(contract: Mapping[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    taken = [{"takes": told["takes"]} for told in KEPT["routes"].values() if "takes" in told]
    loose = {
        shape
        for told in taken
        for shape in reached(told, schemas)
        if schemas[shape].get("additionalProperties") is not False
    }
    assert loose == set()


# WeChat and the SMS provider speak there, and may say more than we know of.
HEARD = {
    "GET /open/wechat/events",
    "POST /open/wechat/events",
    "POST /open/sms/{secret}/receipts",
    "POST /open/sms/{secret}/replies",
}


@pytest.mark.parametrize("route", sorted(KEPT["routes"].keys() - HEARD))
def test_an_unknown_field_is_refused(
    route: str, world: World, client: FlaskClient, connection: Connection
) -> None:
    """In the body and in the query, of every route, to somebody who may."""
    body = {**BODIES[route](world)} if route in BODIES else {}
    query = QUERIES[route](world) if route in QUERIES else {}
    unknown = {"unheard_of": 1}
    sent = [{"json": body, "query_string": {**query, **unknown}}]
    if not route.startswith("GET"):
        sent.append({"json": {**body, **unknown}, "query_string": query})
    for told in sent:
        answer = opened(route, world, client, connection, told)
        said = [fault["pointer"] for fault in answer.json["errors"]]
        assert (answer.status_code, said) == (422, said), answer.json
        assert said[0].endswith("/unheard_of"), answer.json
        db.session.remove()


def test_the_table_names_every_route(whole_app: Flask) -> None:
    assert routes(whole_app) == KEPT["routes"].keys()
