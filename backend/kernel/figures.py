"""Figures kept in TOML, shaped into frozen dataclasses: typed, complete, nothing unknown."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import time
from enum import Enum
from importlib.resources import files
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class BadFigures(ValueError):
    """A file of figures says something the code cannot mean."""


def names(folder: str) -> list[str]:
    """List the files kept under config/<folder>, without their ending."""
    found = (item.name for item in (files("config") / folder).iterdir())
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def read(folder: str, name: str) -> dict[str, Any]:
    """Read config/<folder>/<name>.toml."""
    return tomllib.loads((files("config") / folder / f"{name}.toml").read_text("utf-8"))


def shape(kind: type[T], table: object, where: str) -> T:
    """Turn a table into `kind`; every key must be known and none may miss."""
    if not isinstance(table, Mapping):
        raise BadFigures(f"{where}: a table is expected, not {table!r}")
    _require_same_keys(kind, table, where)
    hints = get_type_hints(kind)
    values = {key: _value(hints[key], value, f"{where}.{key}") for key, value in table.items()}
    try:
        return kind(**values)
    except ValueError as wrong:
        raise BadFigures(f"{where}: {wrong}") from wrong


def _require_same_keys(kind: type, table: Mapping[str, Any], where: str) -> None:
    known = {field.name: field for field in fields(kind) if field.init}
    unknown = table.keys() - known.keys()
    missing = {
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING
    } - table.keys()
    if unknown or missing:
        raise BadFigures(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        return _tuple(get_args(hint), value, where)
    if origin is frozenset:
        return frozenset(_tuple((*get_args(hint), ...), value, where))
    if origin is Mapping or getattr(origin, "__name__", "") == "Mapping":
        return _mapping(get_args(hint)[1], value, where)
    if origin in (Union, UnionType):
        return _value(_without_none(hint), value, where)
    if is_dataclass(hint):
        return shape(cast(type[Any], hint), value, where)
    return _scalar(hint, value, where)


def _tuple(args: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise BadFigures(f"{where}: an array is expected, not {value!r}")
    hints = args[:1] * len(value) if args[-1] is ... else args
    if len(hints) != len(value):
        raise BadFigures(f"{where}: {len(hints)} values are expected, not {len(value)}")
    return tuple(
        _value(hint, item, f"{where}[{at}]")
        for at, (hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _mapping(hint: Any, value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadFigures(f"{where}: a table is expected, not {value!r}")
    shaped = {key: _value(hint, item, f"{where}.{key}") for key, item in value.items()}
    return MappingProxyType(shaped)


def _without_none(hint: Any) -> Any:
    (only,) = (arg for arg in get_args(hint) if arg is not type(None))
    return only


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    try:
        if issubclass(hint, Enum):
            return hint(value)
        if hint is time and isinstance(value, str):
            return time.fromisoformat(value)
    except ValueError as wrong:
        raise BadFigures(f"{where}: {wrong}") from wrong
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:  # bool is an int and datetime a date: neither may pass for one
        raise BadFigures(f"{where}: {hint.__name__} is expected, not {value!r}")
    return value
