"""The form's enumerations in the database: numbered codes, and lists of either kind."""

from enum import Enum
from typing import Any

from sqlalchemy import ARRAY, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Kept(TypeDecorator[Any]):
    """A member of an enumeration, kept as its value."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Enum | None, _dialect: Any) -> Any:
        """Keep the value."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any, _dialect: Any) -> Any:
        """Give the member back."""
        return None if value is None else self.kind(value)


class Coded(_Kept):
    """A member of a numbered enumeration, kept as its number."""

    impl = Integer
    cache_ok = True


def codes(kind: type[Enum]) -> ARRAY[Any]:
    """Several members of a numbered enumeration."""
    return ARRAY(Coded(kind))


def names(kind: type[Enum]) -> ARRAY[Any]:
    """Several members of a named enumeration."""
    return ARRAY(_Kept(kind))
