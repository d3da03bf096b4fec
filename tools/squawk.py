"""`python -m tools.squawk`: judge the SQL of the migrations with a live database in mind."""

import contextlib
import subprocess
import sys
from pathlib import Path

from alembic import command

from backend.kernel.migrate import alembic_config
from tools.launch.state import ROOT

# Alembic opens the transactions; a code is a checked varchar, whose length never changes; keys are
# UUIDs, so that an integer here is a small count; a CHECK of codes is dropped for a wider one.
EXCLUDED = "transaction-nesting,prefer-text-field,prefer-bigint-over-int,ban-drop-constraint"
# The online run sets the same ones (migrations/env.py).
LIMITS = "SET lock_timeout = '5s';\nSET statement_timeout = '10min';\n"


def write_sql(path: Path) -> None:
    """All migrations as one script."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as script, contextlib.redirect_stdout(script):
        print(LIMITS)
        command.upgrade(alembic_config(), "head", sql=True)


def main() -> int:
    """The status is squawk's."""
    script = ROOT / ".jiayi" / "migrations.sql"
    write_sql(script)
    program = str(Path(sys.executable).with_name("squawk"))
    choices = ["--pg-version=15", "--assume-in-transaction", f"--exclude={EXCLUDED}"]
    return subprocess.run([program, *choices, str(script)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
