"""A schema's plain cases, prepared once; whatever is odd is left to marshmallow.

marshmallow asks each field anew what it is. Here that is asked when a route is made: what remains
for a request is a call of each field's own reading, and nothing but a look at the type of what is
written, for JSON knows most of it by itself (docs/adr/0009). Where a plan does not know what to do
it gives up, and the schema does all of it, so that answers and refusals are the schema's.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from flask import jsonify
from marshmallow import RAISE, Schema, ValidationError, fields, missing
from marshmallow.decorators import (
    POST_DUMP,
    POST_LOAD,
    PRE_DUMP,
    PRE_LOAD,
    VALIDATES,
    VALIDATES_SCHEMA,
)

Loaded = dict[str, Any]
_AS_FLASK = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
# What a field of this kind shows as it is, because JSON has one way to write it.
_PLAIN: Mapping[Any, tuple[type, ...]] = {
    fields.String._serialize: (str,),
    fields.UUID._serialize: (UUID,),
    fields.Field._serialize: (str, int, bool),
}
_AS_ISO: Mapping[type, Any] = {date: date.isoformat, datetime: datetime.isoformat}


def reading(schema: Schema) -> Callable[[Any], Loaded | None]:
    """What the schema makes of an object, or `None` where the schema itself must say."""
    found, after = [*schema.load_fields.items()], _after(schema)
    names = frozenset(_key(name, field) for name, field in found)
    if after is None or any("." in (field.attribute or "") for _, field in found):
        return lambda _data: None
    steps = [(_key(name, each), each.attribute or name, each) for name, each in found]

    def read(data: Any) -> Loaded | None:
        if not isinstance(data, Mapping) or not names.issuperset(data):
            return None
        try:
            loaded: Loaded = {}
            for key, name, field in steps:
                value = field.deserialize(data.get(key, missing), key, data)
                if value is not missing:
                    loaded[name] = value
            for step in after:
                loaded = step(loaded)
        except ValidationError:
            return None
        return loaded

    return read


def writing(schema: Schema) -> Callable[[Any], bytes]:
    """An object as the JSON text of its schema, as Flask would write it."""
    plan = _shown(schema)

    def write(given: Any) -> bytes:
        try:
            return orjson.dumps(plan(given), option=_AS_FLASK)
        except TypeError:
            return plain(schema.dump(given))

    return write


def plain(given: Any) -> bytes:
    """What has no schema: nothing, or plain values."""
    return jsonify(given).get_data()


def _key(name: str, field: fields.Field[Any]) -> str:
    return name if field.data_key is None else field.data_key


def _after(schema: Schema) -> list[Callable[[Loaded], Loaded]] | None:
    """What follows the fields, or `None` where it is more than a look or a change at the end."""
    hooks = schema._hooks
    told = {"many": False, "partial": schema.partial, "unknown": RAISE}
    if hooks[PRE_LOAD] or hooks[VALIDATES] or schema.many or schema.partial:
        return None
    if any(many or more.get("pass_original") for _, many, more in _ends(hooks)):
        return None
    judges = [_judge(getattr(schema, name), told) for name, _, _ in hooks[VALIDATES_SCHEMA]]
    makers = [_maker(getattr(schema, name), told) for name, _, _ in hooks[POST_LOAD]]
    return [*judges, *makers]


def _ends(hooks: Mapping[str, Iterable[Any]]) -> list[Any]:
    return [*hooks[VALIDATES_SCHEMA], *hooks[POST_LOAD]]


def _judge(look: Any, told: Mapping[str, Any]) -> Callable[[Loaded], Loaded]:
    def judged(loaded: Loaded) -> Loaded:
        look(loaded, **told)
        return loaded

    return judged


def _maker(make: Any, told: Mapping[str, Any]) -> Callable[[Loaded], Loaded]:
    return lambda loaded: cast("Loaded", make(loaded, **told))


class _Step(NamedTuple):
    """One field: under which key, what needs no change, and what changes the rest."""

    key: str
    plain: frozenset[type]
    change: Callable[[Any, Any], Any]


def _shown(schema: Schema) -> Callable[[Any], Any]:
    """What the schema shows of an object, in values that JSON knows."""
    if _has_own_ways(schema):
        return schema.dump
    one = _one(schema)
    return (lambda given: [one(each) for each in given]) if schema.many else one


def _has_own_ways(schema: Schema) -> bool:
    kind = type(schema)
    inherited = kind.get_attribute is Schema.get_attribute and kind.dump is Schema.dump
    hooks = schema._hooks[PRE_DUMP] or schema._hooks[POST_DUMP]
    return bool(hooks) or not inherited


def _one(schema: Schema) -> Callable[[Any], Any]:
    found = {field.attribute or name: (name, field) for name, field in schema.dump_fields.items()}
    read = {path: each for path, each in found.items() if _is_read_plainly(each[1])}
    made = [each for path, each in found.items() if path not in read]
    steps = [_step(*each) for each in read.values()]
    if len(found) < len(schema.dump_fields) or len(read) < 2 or any("." in path for path in read):
        return partial(schema.dump, many=False)
    all_of = attrgetter(*read)

    def show(given: Any) -> Any:
        if hasattr(given, "__getitem__"):
            return schema.dump(given, many=False)
        try:
            values = all_of(given)
        except AttributeError:
            return schema.dump(given, many=False)
        told = {
            key: value if type(value) in plain else change(value, given)
            for (key, plain, change), value in zip(steps, values, strict=True)
        }
        for name, field in made:
            told[_key(name, field)] = field.serialize(name, given, accessor=schema.get_attribute)
        return told

    return show


def _is_read_plainly(field: Any) -> bool:
    """Whether the field asks for one attribute as every field does."""
    kind, usual = type(field), fields.Field
    inherited = kind.serialize is usual.serialize and kind.get_value is usual.get_value
    return inherited and bool(field._CHECK_ATTRIBUTE)


def _step(name: str, field: fields.Field[Any]) -> _Step:
    return _Step(_key(name, field), _plain(field), _change(name, field))


def _change(name: str, field: Any) -> Callable[[Any, Any], Any]:
    own = type(field)._serialize
    if own is fields.List._serialize:
        return _list(field)
    if own is fields.Nested._serialize:
        return _nested(field)
    return lambda value, given: field._serialize(value, name, given)


def _plain(field: Any) -> frozenset[type]:
    """The types of values that JSON writes as this field would."""
    own = type(field)._serialize
    kinds = _PLAIN.get(own, ())
    if own is fields.DateTime._serialize:
        kinds = tuple(
            kind
            for kind, way in _AS_ISO.items()
            if field.SERIALIZATION_FUNCS.get(field.format) is way
        )
    elif own is fields.Integer._serialize and field.num_type is int and not field.as_string:
        kinds = (int,)
    elif own is fields.Enum._serialize and field.by_value and type(field.field) is fields.String:
        kinds = (field.enum,)
    return frozenset({*kinds, type(None)} if kinds else ())


def _list(field: fields.List[Any]) -> Callable[[Any, Any], Any]:
    _, plain, change = _step("", field.inner)

    def changed(value: Any, given: Any) -> Any:
        if value is None:
            return None
        return [each if type(each) in plain else change(each, given) for each in value]

    return changed


def _nested(field: fields.Nested) -> Callable[[Any, Any], Any]:
    """Prepared at its first use: a schema may nest itself."""

    @cache
    def plan() -> Callable[[Any], Any]:
        return _shown(field.schema)

    def changed(value: Any, _given: Any) -> Any:
        if value is None:
            return None
        if field.many and not field.schema.many:
            one = plan()
            return [one(each) for each in value]
        return plan()(value)

    return changed
