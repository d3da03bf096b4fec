"""Whom an answer shows: found by walking what its schema shows, written down before it leaves."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from flask import g, request
from marshmallow import Schema, fields

from backend.kernel import sensitive
from backend.kernel.context import CLINICAL, STAFF, Context, Role
from backend.kernel.database import looked_at
from backend.kernel.disclosures import disclose
from backend.kernel.errors import NotFound, Refusal, TooMany, Unauthenticated
from backend.kernel.relations import Kind, is_related
from backend.kernel.transaction import transaction

View = Callable[..., Any]
WHOM_IT_CONCERNS = STAFF | {Role.RESIDENT}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SEARCH = "search"
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route does, in the words of its contract."""

    words: str
    changes: bool


_operations: dict[str, Operation] = {}


def operation_of(view: View) -> str:
    """The name under which the log keeps what a view did: audience, file, function."""
    return f"{view.__module__.removeprefix('miniapp_api.')}.{view.__name__}"


def name(view: View, methods: Collection[str]) -> None:
    """Remember what a route is called, for those who read the log."""
    words = (view.__doc__ or "").partition(" · ")[0].strip()
    _operations[operation_of(view)] = Operation(words, not CHANGING.isdisjoint(methods))


def known_operation(operation: str) -> Operation | None:
    """The words for what the log keeps; `None` for a route that is no more."""
    return _operations.get(operation)


def tell(
    ctx: Context, view: View, shape: Schema | None, result: Any, asked_for: UUID | None
) -> list[UUID]:
    """Write down whom this result shows to somebody else; returns whom.

    A search of staff is written down even where it finds nobody: names may be tried one by one.
    Whoever is asked for by id is shown by an empty list as well, and what a family member is
    answered always tells of the person acted for.
    """
    if ctx.actor.role not in WHOM_IT_CONCERNS:
        return []
    residents = set(residents_in(shape, result)) | _represented(ctx)
    residents |= {asked_for} if asked_for is not None else set()
    is_search = SEARCH in request.args and ctx.actor.role in STAFF and _lists_people(shape)
    return disclose(ctx, operation_of(view), residents, is_search=is_search)


def _lists_people(shape: Schema | None) -> bool:
    item = _inner(shape.dump_fields.get("items")) if shape else None
    return item is not None and "resident_id" in item.dump_fields


def tell_again(ctx: Context, view: View, residents: Sequence[UUID], text: str) -> None:
    """Write down that an answer is given once more; raises `NotFound` where it may not be.

    `text` is the path and the body: to a family member nothing hidden since may be named in it.
    """
    if ctx.proxy is not None and sensitive.is_any_hidden(ctx, _ids_in(text)):
        raise NotFound
    if ctx.actor.role in CLINICAL and not all(is_related(ctx, one, *Kind) for one in residents):
        raise NotFound
    disclose(ctx, operation_of(view), residents)


def _ids_in(text: str) -> list[UUID]:
    return [UUID(found) for found in sorted(set(_UUID.findall(text)))]


@contextmanager
def telling_refusals(view: View) -> Iterator[None]:
    """A refusal after a record was looked at tells something of it; the act is undone, this not."""
    looked_at().clear()
    try:
        yield
    except Refusal as refusal:
        _tell_refusal(view, refusal)
        raise


def _tell_refusal(view: View, refusal: Refusal) -> None:
    ctx: Context | None = g.get("context")
    if ctx is None or ctx.actor.role not in WHOM_IT_CONCERNS:
        return
    said_nothing = isinstance(refusal, NotFound | Unauthenticated | TooMany)
    residents = looked_at() | (set() if said_nothing else _represented(ctx))
    if residents:
        with transaction(events_last=True):
            disclose(ctx, operation_of(view), residents, refusal.code)


def _represented(ctx: Context) -> set[UUID]:
    return {ctx.resident} if ctx.proxy is not None and ctx.resident is not None else set()


def residents_in(shape: Schema | None, given: Any) -> Iterator[UUID]:
    """The residents whose rows a schema shows of `given`, however deep they are nested."""
    if isinstance(given, list | tuple):
        for item in given:
            yield from residents_in(shape, item)
    elif given is not None:
        yield from _named_by(given)
        for path, inner in _plan(shape) if shape else []:
            yield from _below(shape, given, path, inner)


def _below(shape: Schema | None, given: Any, path: str, inner: Schema | None) -> Iterator[UUID]:
    value = given
    for part in path.split("."):
        value = shape.get_attribute(value, part, None) if shape else _part(value, part)
        yield from _named_by(value)
        shape = None
    if inner is not None:
        yield from residents_in(inner, value)


def _part(value: Any, part: str) -> Any:
    return value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)


def _named_by(value: Any) -> Iterator[UUID]:
    one, several = _part(value, "resident_id"), _part(value, "resident_ids")
    yield from [one] if one is not None else []
    yield from several or []


@cache
def _plan(shape: Schema) -> list[tuple[str, Schema | None]]:
    """The fields of a schema that lead to other objects, with the schema of what is there."""
    found = [(field.attribute or key, _inner(field)) for key, field in shape.dump_fields.items()]
    return [(path, inner) for path, inner in found if inner is not None or "." in path]


def _inner(field: Any) -> Schema | None:
    if isinstance(field, fields.List | fields.Tuple):
        field = getattr(field, "inner", None)
    if not isinstance(field, fields.Nested):
        return None
    return field.schema
