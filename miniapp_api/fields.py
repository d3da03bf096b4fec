"""Fields that accept exactly what their schema says, and say in Chinese what is wrong."""

from datetime import date, datetime
from typing import Any

from marshmallow import fields, validate
from marshmallow.fields import (
    UUID as UUID,
)
from marshmallow.fields import (
    Boolean as Boolean,
)
from marshmallow.fields import (
    Constant as Constant,
)
from marshmallow.fields import (
    Dict as Dict,
)
from marshmallow.fields import (
    Enum as Enum,
)
from marshmallow.fields import (
    Float as Float,
)
from marshmallow.fields import (
    Function as Function,
)
from marshmallow.fields import (
    Integer as Integer,
)
from marshmallow.fields import (
    List as List,
)
from marshmallow.fields import (
    Method as Method,
)
from marshmallow.fields import (
    Nested as Nested,
)
from marshmallow.fields import (
    Time as Time,
)

from backend.kernel.context import done_by as who_did_it

OUR_TIMES = range(1800, 2301)
WORDS: dict[type[fields.Field[Any]], dict[str, str]] = {
    fields.Field: {
        "required": "这一项必须填写",
        "null": "这一项不能为空",
        "validator_failed": "这一项填写有误",
    },
    fields.String: {"invalid": "应为文字", "invalid_utf8": "文字编码有误"},
    fields.UUID: {"invalid_uuid": "编号格式有误"},
    fields.Integer: {"invalid": "应为整数"},
    fields.Number: {"invalid": "应为数字", "too_large": "数字太大"},
    fields.Float: {"special": "应为普通数字"},
    fields.Boolean: {"invalid": "应为“是”或“否”"},
    fields.Date: {"invalid": "日期格式有误", "format": "日期格式有误"},
    fields.Time: {"invalid": "时间格式有误", "format": "时间格式有误"},
    fields.DateTime: {"invalid": "时间格式有误", "format": "时间格式有误"},
    fields.AwareDateTime: {"invalid_awareness": "时间需带时区"},
    fields.List: {"invalid": "应为列表"},
    fields.Nested: {"type": "内容格式有误"},
    fields.Dict: {"invalid": "内容格式有误"},
    fields.Enum: {"unknown": "请选择：{choices}"},
}
for _kind, _words in WORDS.items():
    _kind.default_error_messages = {**_kind.default_error_messages, **_words}


class Text(fields.String):
    """A text of 1 to `longest` characters, trimmed, without control characters."""

    def __init__(self, longest: int = 200, *, shortest: int = 1, **options: Any) -> None:
        length = validate.Length(shortest, longest, error=f"应为 {shortest} 到 {longest} 个字")
        super().__init__(validate=[length, *options.pop("validate", [])], **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **options).strip()
        if any(ord(character) < 32 and character != "\n" for character in text):
            raise self.make_error("invalid")
        return text


class Search(Text):
    """Part of a name: at least two characters of people (a whole Chinese name), never a pattern.

    A request that carries it is counted as a search, and lists no more than a page.
    """

    def __init__(self, longest: int = 40, *, shortest: int = 2, **options: Any) -> None:
        super().__init__(longest, shortest=shortest, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = " ".join(super()._deserialize(value, attr, data, **options).split())
        if text and not any(character.isalnum() for character in text):
            raise self.make_error("invalid")
        return text


class Secret(fields.String):
    """A password exactly as it was typed, never shown."""

    def __init__(self, **options: Any) -> None:
        length = validate.Length(1, 256, error="应为 1 到 256 个字符")
        super().__init__(validate=length, load_only=True, **options)


class Date(fields.Date):
    """A day of our times: one can be counted on from it, and back, without leaving the calendar."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **options)
        if day.year not in OUR_TIMES:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return day


class AwareDateTime(fields.AwareDateTime):
    """An instant of our times, with its offset."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> datetime:
        instant: datetime = super()._deserialize(value, attr, data, **options)
        if instant.year not in OUR_TIMES:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return instant


class Whole(fields.Integer):
    """A whole number from `least` to `most`; a string or a fraction is not one."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        limits = validate.Range(least, most, error=f"应在 {least} 到 {most} 之间")
        super().__init__(validate=limits, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> int:
        integral = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not integral:
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **options)


class DoneBy(fields.String):
    """Which family member did it, as 儿子代办; `null` where it was the person."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(who_did_it(value), attr, obj, **kwargs)


def done_by(attribute: str = "by_kinship") -> DoneBy:
    """Who did it, of the kinship that this attribute holds."""
    return DoneBy(required=True, allow_none=True, attribute=attribute)


def yes(otherwise: str) -> validate.Equal:
    """Only a yes will do; `otherwise` says why."""
    return validate.Equal(True, error=otherwise)


def choice(kind: Any, **options: Any) -> fields.Enum[Any]:
    """One of an enumeration's values."""
    return fields.Enum(kind, by_value=fields.String, **options)
