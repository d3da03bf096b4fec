"""`manage.py` as an operator runs it: a process with an environment and an output of its own.

It is forked from one that has imported everything, which takes a second otherwise.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from races import FORK

from tools import cli

LONGEST_S = 120


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    returncode: int
    stdout: str
    stderr: str


def manage(*words: str, settings: Mapping[str, str]) -> Done:
    """Run `manage.py` with these words and, beside our environment, these settings; await it."""
    with TemporaryDirectory() as folder:
        command = FORK.Process(target=_run, args=(words, os.environ | settings, Path(folder)))
        command.start()
        command.join(LONGEST_S)
        status = command.exitcode
        command.kill()
        assert status is not None, "the command did not end"
        said, told = (Path(folder, name).read_text() for name in ("stdout", "stderr"))
        return Done(status, said, told)


def _run(words: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for stream in (sys.stdout, sys.stderr):
        with Path(folder, stream.name.strip("<>")).open("w") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.exit(cli.main(words))
