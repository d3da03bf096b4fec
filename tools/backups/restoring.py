"""`manage.py restore`: a backup into an empty database, whole or not at all, behind the send fence.

One transaction holds the data, the count of every table, and the fence: whoever is killed in the
middle leaves an empty database, and no process ever sees the data without the fence.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from backend.kernel import migrate, rights
from config.settings import Settings, SettingsError
from tools.backups import manifest, programs
from tools.backups.manifest import Manifest
from tools.backups.programs import BackupError

THINGS = """
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
"""
ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiayi_app') THEN
    CREATE ROLE jiayi_app NOLOGIN;
  END IF;
END $$
"""
FENCE = """
SET search_path = public;
UPDATE send_fence SET because = 'restored', raised_at = now(),
  cut_at = now() + (SELECT shift FROM business_clock), caught_up_at = NULL,
  identity = database_identity(), lineage = gen_random_uuid();
"""


def main(arguments: Sequence[str]) -> int:
    """Restore, or try whether it could be; prints what was done as JSON."""
    asked = _parser().parse_args(arguments)
    try:
        settings = Settings.from_env(os.environ)
        done = drill(asked.file) if asked.drill else restore(asked.file, settings)
    except (BackupError, SettingsError, OSError, psycopg.Error, rights.TooMuch) as problem:
        print(f"restore: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(done, ensure_ascii=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py restore", description=__doc__)
    parser.add_argument("file", type=Path, help="a backup that manage.py backup made")
    parser.add_argument(
        "--drill",
        action="store_true",
        help="try it in the empty database named by DRILL_DATABASE_URL, and leave nothing there",
    )
    return parser


def drill(backup: Path) -> dict[str, Any]:
    """Everything but the commit, in a database of its own; raises `BackupError`."""
    url = os.environ.get("DRILL_DATABASE_URL")
    if not url:
        raise BackupError("DRILL_DATABASE_URL is missing: it names an empty database to try it in.")
    began = time.monotonic()
    found = _checked(backup, url)
    _load(backup, found, url, "ROLLBACK;\n")
    return {"drill": True, **_told(found, began)}


def restore(backup: Path, settings: Settings) -> dict[str, Any]:
    """The data, their rights, the fence, then what this build's schema adds."""
    began, url = time.monotonic(), settings.migrator_database_url
    found = _checked(backup, url)
    _same_database(url, settings.database_url)
    _load(backup, found, url, "COMMIT;\n")
    migrate.main(settings)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("ANALYZE")
    rights.verify_at(settings.database_url)
    return {"fence": "up", **_told(found, began)}


def _told(found: Manifest, began: float) -> dict[str, Any]:
    return {
        "made_at": found.made_at,
        "head": found.head,
        "seconds": round(time.monotonic() - began, 1),
        "tables": len(found.rows),
        "rows": found.total,
        "bytes": found.bytes,
    }


def _checked(backup: Path, url: str) -> Manifest:
    """The manifest of a whole backup that this build and this empty database can take."""
    found = manifest.verified(backup)
    if found.head > migrate.head():
        raise BackupError(
            f"The backup has schema {found.head}, this build only {migrate.head()}: use the build"
            " that made it, or a newer one."
        )
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as link:
        row = link.execute(THINGS).fetchone()
        if row and row[0]:
            raise BackupError(
                f"The database {link.info.dbname} holds {row[0]} tables or sequences; a backup goes"
                " into an empty one only. Make one (CREATE DATABASE … OWNER jiayi_migrator), and"
                " let DATABASE_URL and MIGRATOR_DATABASE_URL name it. Nothing was changed."
            )
        link.execute(ROLE)
    return found


def _same_database(owner_url: str, app_url: str) -> None:
    """Two settings that name two databases would restore one and serve the other."""
    names = []
    for url in (owner_url, app_url):
        with psycopg.connect(url, connect_timeout=10) as link:
            row = link.execute(
                "SELECT oid FROM pg_database WHERE datname = current_database()"
            ).fetchone()
            names.append((link.info.dbname, row))
    if names[0] != names[1]:
        raise BackupError("DATABASE_URL and MIGRATOR_DATABASE_URL name two databases.")


def _load(backup: Path, found: Manifest, url: str, last: str) -> None:
    """One transaction; where anything fails, or anybody is killed, its end never comes."""
    with psycopg.connect(url, connect_timeout=10) as link:
        folder = programs.find(link.info.server_version // 10_000)
    to = programs.address(url)
    psql = programs.start(
        [
            folder / "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            f"--dbname={to.words}",
        ],
        to,
        stdin=subprocess.PIPE,
    )
    assert psql.stdin is not None  # noqa: S101  # a pipe
    try:
        _feed(psql.stdin, folder, backup, found, last)
    except BrokenPipeError:  # it says why below
        pass
    except BaseException:
        psql.kill()
        raise
    programs.ended(psql)


def _feed(into: IO[bytes], folder: Path, backup: Path, found: Manifest, last: str) -> None:
    with into:
        into.write(b"BEGIN;\nSET LOCAL statement_timeout = 0;\n")
        command = [folder / "pg_restore", "--no-owner", "--file=-", backup]
        script = programs.start(command, programs.Address("", os.environ), stdout=subprocess.PIPE)
        assert script.stdout is not None  # noqa: S101  # a pipe
        with script.stdout:
            shutil.copyfileobj(script.stdout, into)
        programs.ended(script)
        for words in (FENCE, *_counted(found.rows), last):
            into.write(words.encode())


def _counted(rows: Mapping[str, int]) -> Iterator[str]:
    """Statements that fail where a table has not as many rows as the manifest says."""
    for name, number in rows.items():
        wrong = sql.Literal(f"{name} has not the {number} rows that the manifest says")
        words = sql.SQL(
            "DO $$ BEGIN IF (SELECT count(*) FROM ONLY public.{}) <> {} THEN"
            " RAISE EXCEPTION USING MESSAGE = {}; END IF; END $$;\n"
        )
        yield words.format(sql.Identifier(name), number, wrong).as_string()
