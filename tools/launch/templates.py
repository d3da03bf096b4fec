"""The message templates of the product, written down for the WeChat simulator."""

import json
from pathlib import Path

from backend.messaging import Template, catalogue


def write(path: Path) -> Path:
    """Every template of config/messages.toml, as the simulator reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = [_table(template) for template in catalogue().template.values()]
    path.write_text("\n".join(tables), "utf-8")
    return path


def _table(template: Template) -> str:
    """TOML, whose basic strings JSON's are."""
    lines = ["[[template]]", f"id = {_text(template.id)}", f"title = {_text(template.title)}"]
    lines += ["[template.fields]"]
    lines += [f"{key} = {_text(label)}" for key, label in template.fields.items()]
    return "\n".join([*lines, ""])


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
