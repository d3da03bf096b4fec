"""National rules as dated editions: the one in force on a day is the one that judges that day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any, Generic, TypeVar

from backend.kernel import figures


class Mark(StrEnum):
    """How well a figure is known."""

    VERIFIED = "V"
    PARTLY_VERIFIED = "P"
    FROM_MEMORY = "M"


class NoEditionInForce(LookupError):
    """The day lies before the first edition of the standard."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What every edition says of itself; its figures are the fields of a child class."""

    rule_set: str  # stored with every result that this edition produced
    source: str
    effective_from: date
    status: Mapping[str, Mark] = field(compare=False)  # a mark for each figure


E = TypeVar("E", bound=Edition)


@dataclass(frozen=True)
class Standard(Generic[E]):
    """All editions of one rule, oldest first."""

    name: str
    editions: tuple[E, ...]

    def on(self, day: date) -> E:
        """Return the edition in force on that day."""
        for edition in reversed(self.editions):
            if edition.effective_from <= day:
                return edition
        raise NoEditionInForce(f"{self.name}: no edition is in force on {day}")

    def named(self, rule_set: str) -> E:
        """Return the edition that a stored result names."""
        for edition in self.editions:
            if edition.rule_set == rule_set:
                return edition
        raise NoEditionInForce(f"{self.name}: no edition is called {rule_set}")


def load(kind: type[E], name: str) -> Standard[E]:
    """Read config/standards/<name>.toml."""
    return parse(kind, name, figures.read("standards", name))


def parse(kind: type[E], name: str, tables: Mapping[str, Any]) -> Standard[E]:
    """Shape a file's `[[edition]]` tables, oldest first."""
    if tables.keys() != {"edition"}:
        raise figures.BadFigures(f"{name}: only [[edition]] is expected, not {sorted(tables)}")
    editions = tuple(
        figures.shape(kind, table, f"{name}[{at}]") for at, table in enumerate(tables["edition"])
    )
    _require_order(name, editions)
    for edition in editions:
        _require_marks(name, edition)
    return Standard(name, editions)


def _require_order(name: str, editions: Sequence[Edition]) -> None:
    for older, newer in pairwise(editions):
        if older.effective_from >= newer.effective_from:
            raise figures.BadFigures(f"{name}: {newer.rule_set} is not newer than the one before")
    for edition in editions:
        if edition.rule_set != f"{name}@{edition.effective_from}":
            raise figures.BadFigures(f"{name}: {edition.rule_set} does not name rule and first day")


def _require_marks(name: str, edition: Edition) -> None:
    said_of_itself = {item.name for item in fields(Edition)}
    figured = {item.name for item in fields(edition)} - said_of_itself
    if unmarked := figured ^ edition.status.keys():
        raise figures.BadFigures(f"{name}: status and figures differ in {sorted(unmarked)}")
