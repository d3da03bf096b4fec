"""A region is a file of local policy; each feature reads its own section of it, typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar, cast

from backend.kernel import figures

T = TypeVar("T")


class UnknownRegion(LookupError):
    """No file of that name is kept."""


@dataclass(frozen=True, eq=False)
class Region:
    """One deployment's local policy [地区配置]."""

    name: str
    title: str
    division: str  # 行政区划代码
    source: str
    tables: Mapping[str, Mapping[str, Any]]
    _shaped: dict[tuple[str, type], Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def load(cls, name: str) -> Self:
        """Read config/regions/<name>.toml; a name that is not kept is refused."""
        if name not in known():
            raise UnknownRegion(f"region {name!r} is unknown; known are {', '.join(known())}")
        return cls.parse(name, figures.read("regions", name))

    @classmethod
    def parse(cls, name: str, content: Mapping[str, Any]) -> Self:
        """Keep the sections as they are until a feature asks for its own."""
        tables = {key: value for key, value in content.items() if isinstance(value, dict)}
        facts = {key: value for key, value in content.items() if key not in tables}
        return figures.shape(cls, {"name": name, **facts, "tables": tables}, name)

    def section(self, key: str, kind: type[T]) -> T:
        """Return one section as the policy class that its feature reads."""
        if key not in self.tables:
            raise figures.BadFigures(f"{self.name}: section [{key}] is missing")
        if (key, kind) not in self._shaped:
            self._shaped[key, kind] = figures.shape(kind, self.tables[key], f"{self.name}.{key}")
        return cast(T, self._shaped[key, kind])


def known() -> list[str]:
    """Name every region that is kept."""
    return figures.names("regions")
