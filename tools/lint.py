"""Every static check, each with its verdict; all run even when one fails."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
OURS = ["backend", "miniapp_api", "jobs", "config"]


def steps() -> dict[str, list[str]]:
    """Name → command."""
    python = [sys.executable, "-m"]
    return {
        "ruff check": [*python, "ruff", "check", "."],
        "ruff format": [*python, "ruff", "format", "--check", "."],
        "mypy": [*python, "mypy"],
        "import-linter": [sys.executable, "-c", LINT_IMPORTS],
        "bandit": [*python, "bandit", "-q", "-c", "pyproject.toml", "-r", *OURS],
        "squawk": [*python, "tools.squawk"],
    }  # fmt: skip


def check(name: str, command: Sequence[str]) -> bool:
    """Run one check; its words are shown only when it fails."""
    began = time.monotonic()
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    good = answer.returncode == 0
    if not good:
        print(answer.stdout + answer.stderr, flush=True)
    verdict = "ok" if good else "FAILED"
    print(f"lint: {name:<14} {verdict:<6} {time.monotonic() - began:5.1f} s", flush=True)
    return good


def main(_arguments: Sequence[str]) -> int:
    """Run all of them."""
    verdicts = [check(name, command) for name, command in steps().items()]
    print(f"lint: {len(verdicts)} checks, {verdicts.count(False)} failed")
    return 0 if all(verdicts) else 1
