"""Whatever a client may send has an end: every text, list and number of the contract."""

from collections.abc import Iterator
from typing import Any

import pytest

from tools.openapi import document_without_servers

DOCUMENT = document_without_servers()
SHAPED = {"uuid", "date", "date-time", "time"}  # as long as their shape and no longer


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found = DOCUMENT
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        schema = found
    return schema


def sent() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema that reads something of a request, under its operation and place."""
    for path, operations in DOCUMENT["paths"].items():
        shared = operations.get("parameters", [])
        for method, operation in operations.items():
            if method == "parameters":
                continue
            where = f"{method.upper()} {path}"
            for parameter in [*shared, *operation.get("parameters", [])]:
                told = resolved(parameter)
                if told["in"] == "path":
                    continue  # the path as a whole has its end (`bodies.LONGEST_PATH`)
                yield f"{where} {told['name']}", told["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{where} body", content["schema"]


SENT = dict(sent())


def endless(where: str, schema: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """What of a schema has no end."""
    assert depth < 15, where
    told = resolved(schema)
    kinds = told.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    for alternative in (*told.get("anyOf", []), *told.get("oneOf", []), *told.get("allOf", [])):
        yield from endless(where, alternative, depth + 1)
    if "enum" in told or "const" in told:
        return
    if "string" in kinds and not (
        {"maxLength", "pattern"} & told.keys() or told.get("format") in SHAPED
    ):
        yield f"{where}: a text of any length"
    if kinds & {"integer", "number"} and not {"minimum", "maximum"} <= told.keys():
        yield f"{where}: any number"
    if "array" in kinds:
        if "maxItems" not in told:
            yield f"{where}: a list of any length"
        yield from endless(f"{where}[]", told["items"], depth + 1)
    if "object" in kinds:
        more = told.get("additionalProperties", True)
        if isinstance(more, dict):
            yield from endless(f"{where}/*", more, depth + 1)
        if more is not False and "maxLength" not in told:  # so a Length of a Dict is written
            yield f"{where}: any names"
        for name, inner in told.get("properties", {}).items():
            yield from endless(f"{where}/{name}", inner, depth + 1)
    if not kinds and not {"anyOf", "oneOf", "allOf"} & told.keys():
        yield f"{where}: anything at all"


@pytest.mark.parametrize("where", SENT)
def test_nothing_that_is_sent_is_endless(where: str) -> None:
    assert list(endless(where, SENT[where])) == []


def test_the_walk_sees_what_has_no_end() -> None:
    open_ended: dict[str, Any] = {
        "type": "object",
        "properties": {
            "a": {"type": "string"}, "b": {"type": ["integer", "null"], "minimum": 0},
            "c": {"type": "array", "items": {"type": "number"}}, "d": {},
        },
    }  # fmt: skip
    assert len(list(endless("", open_ended))) == 6
