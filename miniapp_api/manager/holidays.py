"""节假日安排: which days are worked, as printed and as entered."""

from collections.abc import Sequence
from datetime import date

from marshmallow import Schema, validate

from backend import network
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, lists, takes

api = Api("holidays", Audience.MANAGER, "/holidays")


class YearQuery(StrictSchema):
    """Which year."""

    year = fields.Integer(validate=validate.Range(2000, 2200, error="应在 2000 到 2200 之间"))


class DaySchema(StrictSchema):
    """A day."""

    day = fields.Date(required=True)


class CalendarDaySchema(DaySchema):
    """A day that is worked, or free, whatever its weekday says."""

    works = fields.Boolean(required=True)
    name = fields.Text(50, required=True)


class SpecialDaySchema(Schema):
    """A day that is not what its weekday says; `is_entered` where a manager said so."""

    day = fields.Date(required=True)
    works = fields.Boolean(required=True)
    name = fields.Text(required=True)
    is_entered = fields.Boolean(required=True)


class SpecialDaysSchema(Schema):
    """The days of a year."""

    items = fields.List(fields.Nested(SpecialDaySchema), required=True)


@api.get("")
@lists(YearQuery)
@gives(SpecialDaysSchema)
def special_days(
    ctx: Context, *, year: int | None = None
) -> dict[str, Sequence[network.SpecialDay]]:
    """节假日和调休 · Of a year, this one unless said otherwise."""
    return {"items": network.special_days(ctx, year or ctx.today.year)}


@api.post("")
@takes(CalendarDaySchema)
@gives(SpecialDaysSchema)
def set_day(
    ctx: Context, *, day: date, works: bool, name: str
) -> dict[str, Sequence[network.SpecialDay]]:
    """登记节假日或调休 · Clinics follow where nobody is booked; by the consortium."""
    network.set_day(ctx, day, works, name)
    return special_days_of(ctx, day)


@api.post("/removal")
@takes(DaySchema)
@gives(SpecialDaysSchema)
def forget_day(ctx: Context, *, day: date) -> dict[str, Sequence[network.SpecialDay]]:
    """取消登记 · The printed table speaks of the day again."""
    network.forget_day(ctx, day)
    return special_days_of(ctx, day)


def special_days_of(ctx: Context, day: date) -> dict[str, Sequence[network.SpecialDay]]:
    """Those of its year."""
    return {"items": network.special_days(ctx, day.year)}
