"""`manage.py docs`: the pages of `docs/generated/` that are read off the code."""

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from backend import identity
from backend.kernel.context import Role
from backend.kernel.events import Event, reaction_name
from backend.kernel.lifecycle import Lifecycle
from backend.kernel.ties import HOLDERS, Entry, Grant, Sight, Tie
from backend.reactions import REACTIONS
from config.settings import ROOT
from tools.openapi import document_without_servers

FOLDER = ROOT / "docs" / "generated"
NOTE = "<!-- Written by `python3 manage.py docs`; a test compares it with the code. -->"


def main(_arguments: Sequence[str]) -> int:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        (FOLDER / name).write_text(page)
        print(f"docs/generated/{name}", file=sys.stderr)
    return 0


def pages() -> dict[str, str]:
    """Each page's name and text."""
    made = {
        "lifecycles.md": _lifecycles,
        "events.md": _events,
        "permissions.md": _permissions,
        "routes.md": _routes,
        "wechat_codes.md": _wechat_codes,
    }
    return {name: "\n".join([NOTE, "", *make()]) + "\n" for name, make in made.items()}


def _lifecycles() -> Iterator[str]:
    yield "# Lifecycles"
    for module in _modules("*models"):
        for name, value in sorted(vars(module).items()):
            if isinstance(value, Lifecycle):
                yield f"\n## {_feature(module)} · {name}\n\n```mermaid\n{value.mermaid()}\n```"


def _events() -> Iterator[str]:
    yield "# Events and what follows"
    yield "\n| event | what happened | facts | reactions |\n| --- | --- | --- | --- |"
    for name, kind in sorted(Event.kinds.items()):
        if (ROOT / "backend" / name.split(".")[0]).is_dir():
            facts = ", ".join(f"`{field.name}`" for field in dataclasses.fields(_any(kind)))
            following = ", ".join(f"`{reaction_name(each)}`" for each in REACTIONS.get(kind, []))
            yield f"| `{name}` | {_first(kind)} | {facts} | {following} |"


def _permissions() -> Iterator[str]:
    yield "# Who may act"
    yield "\nEvery command asks its policy before it acts, whichever entry point called it.\n"
    yield "A family member or guardian needs the scope as well; what a role cannot hold counts for"
    yield "nothing; break-glass (`emergency`) and audits look and never act.\n"
    yield "| command | what it does | who may | scope of family |\n| --- | --- | --- | --- |"
    for name, command in commands():
        policy = command.policy
        yield f"| `{name}` | {_first(command)} | {_who(policy)} | {_scope(policy)} |"
    yield from _sights()
    yield "\n# Which role may hold which tie\n"
    yield "| tie | roles |\n| --- | --- |"
    for tie, roles in HOLDERS.items():
        everybody = "everybody" if roles == frozenset(Role) else ", ".join(sorted(roles))
        yield f"| `{tie}` | {everybody} |"


def _who(policy: Any) -> str:
    if not isinstance(policy, Entry | Grant):
        return f"`{policy.__name__}`: {_first(policy)}"
    return " · ".join(_tie(tie, policy.only) for tie in Tie if tie in policy.ties)


def _tie(tie: Tie, only: Mapping[Tie, frozenset[Role]]) -> str:
    return f"`{tie}` ({', '.join(sorted(only[tie]))})" if tie in only else f"`{tie}`"


def _scope(policy: Any) -> str:
    return f"`{policy.scope}`" if getattr(policy, "scope", None) else ""


def _sights() -> Iterator[str]:
    """What each feature's query scope shows to whom."""
    yield "\n# Who may see\n"
    yield "What is not seen is not found (404). Family members need one of the scopes,"
    yield "and never see what the person keeps from them.\n"
    yield "| query scope | rows shown to | scopes of family |\n| --- | --- | --- |"
    for module in _modules("*policy"):
        for name, sight in vars(module).items():
            if isinstance(sight, Sight):
                shown = " · ".join(f"`{tie}`" for tie in Tie if tie in sight.ties)
                scopes = " or ".join(f"`{scope}`" for scope in sight.scopes)
                yield f"| `{_feature(module)}.{name}` | {shown} | {scopes} |"


def _routes() -> Iterator[str]:
    yield "# Routes"
    yield "\n| method | path | |\n| --- | --- | --- |"
    for path, operations in sorted(document_without_servers()["paths"].items()):
        for method, facts in operations.items():
            if method != "parameters":
                yield f"| {method.upper()} | `{path}` | {facts.get('summary', '')} |"


def _wechat_codes() -> Iterator[str]:
    yield "# What follows from each refusal of WeChat"
    yield "\nRead off `config/wechat_codes.toml`; those with an alarm call a person."
    yield "A code that is not here fails what was asked, and calls a person too.\n"
    yield "| code | | what it means | what follows | what an operator does |"
    yield "| --- | --- | --- | --- | --- |"
    for code, known in identity.wechat_refusals().items():
        alarm = "**alarm**" if known.is_alarming else ""
        yield f"| {code} | {alarm} | {known.means} | {known.action} | {known.advice} |"


def commands() -> Iterator[tuple[str, Any]]:
    """Public functions of the services whose first argument is a context, by name."""
    for module in _modules("*service"):
        for name, function in sorted(vars(module).items()):
            if _is_command(module, name, function):
                yield f"{_feature(module)}.{name}", function


def _is_command(module: ModuleType, name: str, function: Any) -> bool:
    own = inspect.isfunction(function) and function.__module__ == module.__name__
    if not own or name.startswith("_"):
        return False
    return next(iter(inspect.signature(function).parameters), "").endswith("ctx")


def _modules(pattern: str) -> Iterator[ModuleType]:
    """The features' files of this name."""
    for path in sorted((ROOT / "backend").glob(f"*/{pattern}.py")):
        yield import_module(f"backend.{path.parent.name}.{path.stem}")


def _feature(module: ModuleType) -> str:
    return module.__name__.split(".")[1]


def _first(documented: Callable[..., object] | type) -> str:
    return (inspect.getdoc(documented) or "").split("\n")[0]


def _any(kind: type[Event]) -> Any:
    return kind
