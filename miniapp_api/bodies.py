"""What a request may look like at all: one plain JSON text, a bounded query, nothing twice."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any, NoReturn

from flask import Request, request
from marshmallow import RAISE, Schema, fields, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import (
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestURITooLarge,
    UnsupportedMediaType,
)

from backend.kernel.errors import Fault, Invalid, Malformed

LARGEST_BODY = 1_000_000
DEEPEST = 20
MOST_NODES = 20_000
LARGEST_HEADERS = 16_384
LONGEST_QUERY = 4096
LONGEST_PATH = 2048
MOST_PARAMETERS = 40
MOST_DIGITS = 40
UNKNOWN = "不认识这一项"
_ENCODINGS = {"", "identity"}
_CHARSETS = {"utf-8", "utf8"}
# NUL and lone surrogates are legal JSON, but no text.
_UNSOUND = re.compile("[\0\ud800-\udfff]")


class Parser(FlaskParser):
    """Reads a request, and refuses what no client of ours sends and no column can keep."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(["json", "query", "headers"], RAISE)

    def loaded(self, location: str) -> Callable[[Request, Schema], Any]:
        """How a part of the request is read."""
        return {"json": self.load_json, "query": self.load_querystring}[location]

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002
        """The body, or nothing where none was sent; raises `Malformed`."""
        body = req.get_data()
        if not body:
            return missing
        if len(body) > LARGEST_BODY:
            raise RequestEntityTooLarge  # chunked: no length was announced
        _require_plain_json(req)
        return sound_json(body)

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query, each name once unless the schema takes a list; raises `Malformed`."""
        pairs = list(req.args.items(multi=True))
        if len(pairs) > MOST_PARAMETERS or any("\0" in text for pair in pairs for text in pair):
            raise Malformed
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names) - sum(map(names.count, _lists(schema))):
            raise Malformed
        return super().load_querystring(req, schema)


def refuse_untaken(taken: Collection[str]) -> None:
    """Refuse a query or a body that the route does not read; `{}` is no body. Raises `Invalid`."""
    unknown = [] if "query" in taken else [f"/query/{name}" for name in request.args]
    if "json" not in taken and (body := request.get_data()):
        unknown += [f"/{name}" for name in _names(sound_json(body))]
    if unknown:
        raise Invalid(faults=[Fault(pointer, UNKNOWN) for pointer in unknown])


def _names(body: Any) -> Iterator[str]:
    if not isinstance(body, Mapping):
        raise Malformed
    yield from body


def require_bounds(asked: Request) -> None:
    """Refuse a request by its size before anything of it is read."""
    told = asked.environ
    if (asked.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if sum([len(value) for name, value in told.items() if name[:5] == "HTTP_"]) > LARGEST_HEADERS:
        raise RequestHeaderFieldsTooLarge
    if len(told.get("QUERY_STRING", "")) > LONGEST_QUERY or len(asked.path) > LONGEST_PATH:
        raise RequestURITooLarge
    if "\0" in asked.path:
        raise Malformed


def sound_json(body: bytes) -> Any:
    """A JSON text in UTF-8 without a mark, a name twice, a depth or a number no client sends."""
    try:
        value = _json().decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise Malformed from wrong
    for number, text in enumerate(_texts(value)):
        if number > MOST_NODES or (isinstance(text, str) and _UNSOUND.search(text)):
            raise Malformed
    return value


def _require_plain_json(req: Request) -> None:
    encoding = req.headers.get("Content-Encoding", "").strip().lower()
    charset = req.mimetype_params.get("charset", "utf-8").lower()
    if req.mimetype != "application/json" or encoding not in _ENCODINGS or charset not in _CHARSETS:
        raise UnsupportedMediaType


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no number")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("no column holds this number")
    return int(text)


def _fraction(text: str) -> float:
    found = float(text)
    if found in {float("inf"), float("-inf")}:
        raise ValueError("no number holds this")
    return found


def _texts(value: Any) -> Iterator[Any]:
    """Every value and every name; raises `Malformed` below the deepest level."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in level:
            yield each
            if isinstance(each, Mapping):
                yield from each
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
    if level:
        raise Malformed


@cache
def _json() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_each_once,
        parse_constant=_refuse,
        parse_int=_whole,
        parse_float=_fraction,
    )


def _lists(schema: Schema) -> list[str]:
    """The names that may come again and again."""
    return [
        field.data_key or name
        for name, field in schema.load_fields.items()
        if isinstance(field, fields.List)
    ]
