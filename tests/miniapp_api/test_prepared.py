"""What is prepared of a schema reads and writes exactly as the schema does, or gives up."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, json, jsonify
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema

from miniapp_api import prepared
from miniapp_api.contract import StrictSchema
from miniapp_api.fields import Text, Whole
from miniapp_api.resident.clinics import AppointmentSchema, BookingSchema

ODD = [
    None, "", " ", "x", "心内科", "a\nb", "a\x01b", "x" * 300, 0, 1, -1, 7.0, 7.5, 10**9, 2**70,
    True, False, [], [1], {}, {"a": 1}, "1", "7d9f5c0e-4b0a-4f57-9d10-2f6f3a1f4c11", "2026-11-23",
    "2026-11-23T08:00:00+08:00", "2026-11-23T08:00:00", "1500-01-01", "book", "open", "booked",
]  # fmt: skip


def kinds(of: type[Schema]) -> list[type[Schema]]:
    return [found for kind in of.__subclasses__() for found in [kind, *kinds(kind)]]


def ours(app: Flask) -> list[type[Schema]]:
    """Every schema of every route; importing the app has made them."""
    return [kind for kind in kinds(Schema) if kind.__module__.startswith("miniapp_api")]


def by_schema(schema: Schema, data: Any) -> Any:
    try:
        return schema.load(data, unknown=RAISE)
    except ValidationError:
        return None


def test_every_schema_reads_the_same(app: Flask) -> None:
    dice, read_some = random.Random(4), 0
    with app.test_request_context():
        for kind in ours(app):
            schema = kind()
            read = prepared.reading(schema)
            names = [field.data_key or name for name, field in schema.load_fields.items()]
            for _ in range(20):
                data = {name: dice.choice(ODD) for name in names if dice.random() < 0.8}
                data |= {"odd": 1} if dice.random() < 0.05 else {}
                found = read(data)
                assert found is None or found == by_schema(schema, data)
                read_some += found is not None
    assert read_some > 100


def value_of(field: Any, dice: random.Random) -> Any:
    """Something that a row could hold for this field."""
    if isinstance(field, fields.List):
        return [value_of(field.inner, dice) for _ in range(dice.randrange(3))]
    if isinstance(field, fields.Nested):
        one = row_for(field.schema, dice)
        return [one] if field.many else one
    if isinstance(field, fields.Enum):
        return dice.choice([*field.enum])
    at = datetime(2026, 11, 23, 8, dice.randrange(60), tzinfo=timezone(timedelta(hours=8)))
    values: dict[type, list[Any]] = {
        fields.UUID: [UUID(int=dice.randrange(2**128))],
        fields.DateTime: [at, at.astimezone(UTC), at.replace(microsecond=dice.randrange(10**6))],
        fields.Date: [date(2028, 2, 29), at],
        fields.Time: [at.time()],
        fields.Integer: [0, -3, True, 7.0, "12"],
        fields.Float: [0.5, 3],
        fields.Boolean: [True, False],
        fields.Dict: [{"b": 1, "a": [2]}],
    }
    fitting = [some for kind, some in values.items() if isinstance(field, kind)]
    return dice.choice([*(fitting[0] if fitting else ["心内科", "\u2028", 'x"y', ""])])


def row_for(schema: Schema, dice: random.Random) -> Any:
    row = SimpleNamespace()
    for name, field in schema.dump_fields.items():
        place, *path = [row, *(field.attribute or name).split(".")]
        for part in path[:-1]:
            place.__dict__.setdefault(part, SimpleNamespace())
            place = getattr(place, part)
        odd = dice.random()
        if odd > 0.03 and isinstance(place, SimpleNamespace):
            value = None if odd < 0.1 and field.allow_none else value_of(field, dice)
            setattr(place, path[-1], value)
    return row


def by_flask(schema: Schema, given: Any) -> bytes | None:
    """Nothing where a field asks the row for what no made-up row has."""
    try:
        return jsonify(schema.dump(given)).get_data()
    except (AttributeError, TypeError, ValueError, KeyError):
        return None


def test_every_schema_writes_the_same(app: Flask) -> None:
    dice, written = random.Random(5), 0
    with app.test_request_context():
        for kind in ours(app):
            schema = kind()
            write = prepared.writing(schema)
            for _ in range(8):
                row = row_for(schema, dice)
                for given in (row, vars(row)):
                    if (expected := by_flask(schema, given)) is None:
                        continue
                    assert json.loads(write(given)) == json.loads(expected)
                    assert write(given) == expected or b"." in expected
                    written += 1
    assert written > 300


class OwnWord(fields.String):
    """Not what the row says."""

    def get_value(self, obj: Any, *_: Any, **__: Any) -> str:
        return f"of {obj.a}"


class Telling(Schema):
    """Fields that do not simply ask for one attribute."""

    a, b = fields.Integer(), fields.Integer()
    own = OwnWord()
    made = fields.Function(lambda row: row.a + row.b)
    fixed = fields.Constant("x")
    absent = fields.Integer()


def test_fields_that_look_elsewhere_are_asked(app: Flask) -> None:
    row = SimpleNamespace(a=1, b=2, absent=None, own="no", made="no", fixed="no")
    told = {"a": 1, "b": 2, "own": "of 1", "made": 3, "fixed": "x", "absent": None}
    assert json.loads(prepared.writing(Telling())(row)) == told


class Ending(StrictSchema):
    """What follows the fields is asked as well."""

    many = Whole(1, 9)
    word = Text(required=True)
    at = fields.List(fields.UUID())

    @validates_schema
    def _no_nine(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("many") == 9:
            raise ValidationError("no nine")

    @post_load
    def _doubled(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "twice": 2 * data.get("many", 0)}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"word": "x", "many": 3}, {"word": "x", "many": 3, "twice": 6}),
        ({"word": "x", "many": 9}, None),
        ({"word": "x", "more": 1}, None),
        ({"many": 1}, None),
        ({"word": None}, None),
        ({"word": "x", "at": ["y"]}, None),
        ([], None),
        (None, None),
    ],
)
def test_what_is_odd_is_left_to_the_schema(data: Any, found: Any) -> None:
    assert prepared.reading(Ending())(data) == found


def test_the_booking_goes_the_short_way() -> None:
    asked = {"session_id": "7d9f5c0e-4b0a-4f57-9d10-2f6f3a1f4c11"}
    assert prepared.reading(BookingSchema())(asked) == BookingSchema().load(asked)
    assert prepared._shown(AppointmentSchema()).__name__ == "show"
