"""The commands of `manage.py`, on one page."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Command(NamedTuple):
    """What `help` says, and where the work is done; loaded only when called."""

    words: str
    target: str

    def exists(self) -> bool:
        """Whether the module that does the work is part of this checkout."""
        return importable(self.target.partition(":")[0])

    def run(self, arguments: Sequence[str]) -> int:
        """Do it; the answer is the exit status."""
        module, _, function = self.target.partition(":")
        main: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), function)
        return main(arguments)


COMMANDS = {
    "demo": Command("start everything with the demo region", "tools.launch.demo:main"),
    "story": Command("play the main job over HTTP against the demo", "tools.story.cli:main"),
    "test": Command("run the tests (--full: the large counts)", "tools.test:main"),
    "lint": Command("run every static check", "tools.lint:main"),
    "bench": Command("measure one scenario by name", "bench.cli:main"),
    "chaos": Command("kill everything under load, compare the books", "tools.chaos.cli:main"),
    "migrate": Command("bring the database to the newest schema", "tools.serve:migrate"),
    "api": Command("serve the HTTP API", "tools.serve:api"),
    "jobs": Command("do what happens by itself", "tools.serve:jobs"),
    "keys": Command("change the keys without downtime", "tools.keys:main"),
    "backup": Command("back up the database, verify a backup", "tools.backups.taking:main"),
    "restore": Command("restore a backup behind the fence", "tools.backups.restoring:main"),
    "messages": Command("why a message was (not) sent; the fence", "tools.messages:main"),
    "audit": Command("verify the log of disclosures, retire a month of it", "tools.audit:main"),
    "staff": Command("invite first managers and auditors, decide about them", "tools.staff:main"),
    "wechat": Command("compare templates, show quotas, look refusals up", "tools.wechat:main"),
    "openapi": Command("print the OpenAPI document", "tools.openapi:main"),
    "docs": Command("write the documents that are read off the code", "tools.docs:main"),
}  # fmt: skip


def importable(module: str) -> bool:
    """Whether this module exists, without running it."""
    parents = module.split(".")
    return all(importlib.util.find_spec(".".join(parents[: n + 1])) for n in range(len(parents)))


def show_help() -> int:
    """Print the commands that exist."""
    print("python3 manage.py COMMAND [arguments]\n")
    for name, command in COMMANDS.items():
        if command.exists():
            print(f"  {name:<8} {command.words}")
    print(f"  {'help':<8} show this")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run the named command, or show what there is."""
    name, *rest = arguments or ["help"]
    if name in {"help", "-h", "--help"}:
        return show_help()
    command = COMMANDS.get(name)
    if command is None or not command.exists():
        print(f"There is no command {name!r}.\n", file=sys.stderr)
        show_help()
        return 2
    return command.run(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
