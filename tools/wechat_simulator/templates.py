"""Message templates [订阅消息模板] as the platform knows them."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ONE_TIME, LONG_TERM = "one_time", "long_term"
TYPE_NUMBERS = {ONE_TIME: 2, LONG_TERM: 3}


@dataclass(frozen=True)
class Template:
    """`fields` maps a key such as `thing1` to its label; `options` lists the values of an enum."""

    id: str
    title: str
    fields: dict[str, str]
    kind: str = ONE_TIME
    options: dict[str, list[str]] = field(default_factory=dict)

    @property
    def one_time(self) -> bool:
        """Whether one accepted popup gives one message only."""
        return self.kind == ONE_TIME

    def listed(self) -> dict[str, Any]:
        """As the platform's own list of templates words it."""
        content = "".join(f"{label}:{{{{{key}.DATA}}}}\n" for key, label in self.fields.items())
        return {
            "priTmplId": self.id,
            "title": self.title,
            "content": content,
            "example": "",
            "type": TYPE_NUMBERS[self.kind],
        }


def parse(record: dict[str, Any]) -> Template:
    """Read one definition; `KeyError`, `TypeError` or `ValueError` when it is none."""
    template = Template(
        id=str(record["id"]),
        title=str(record["title"]),
        fields={str(key): str(label) for key, label in record["fields"].items()},
        kind=record.get("kind", ONE_TIME),
        options={key: list(values) for key, values in record.get("options", {}).items()},
    )
    if template.kind not in TYPE_NUMBERS or not template.fields:
        raise ValueError("a template has fields, and is one_time or long_term")
    return template


def read(path: Path) -> list[Template]:
    """The `[[template]]` tables of a TOML file."""
    return [parse(record) for record in tomllib.loads(path.read_text("utf-8"))["template"]]
