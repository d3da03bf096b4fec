"""`manage.py backup`: the whole database into one file, while people are served."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.settings import Settings, SettingsError
from tools.backups import manifest, programs
from tools.backups.manifest import Manifest
from tools.backups.programs import BackupError

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def main(arguments: Sequence[str]) -> int:
    """Take one, or verify one; prints its manifest, and why it was not done with status 1."""
    parser = _parser()
    *words, file = parser.parse_args(arguments).words
    if words not in ([], ["verify"]):
        parser.error("one folder or file, or: verify FILE")
    try:
        done = verify(Path(file)) if words else _take(Path(file))
    except (BackupError, SettingsError, OSError, psycopg.Error) as problem:
        print(f"backup: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(done, ensure_ascii=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="manage.py backup",
        description=__doc__,
        usage="manage.py backup FOLDER|FILE\n       manage.py backup verify FILE",
    )
    parser.add_argument("words", nargs="+", help="where it goes; or verify, and which")
    return parser


def _take(to: Path) -> dict[str, Any]:
    settings = Settings.from_env(os.environ)
    taken, path = take(settings.migrator_database_url, to, list(settings.field_keys))
    return {"file": str(path), **_told(taken)}


def verify(backup: Path) -> dict[str, Any]:
    """Whether a backup is whole, and its contents can be listed; raises `BackupError`."""
    found = manifest.verified(backup)
    nowhere = programs.Address("", os.environ)
    command = [programs.find(found.server) / "pg_restore", "--list", backup]
    programs.ended(programs.start(command, nowhere))
    return {"file": str(backup), "whole": True, **_told(found)}


def _told(found: Manifest) -> dict[str, Any]:
    facts = asdict(found)
    del facts["rows"]
    return facts | {"tables": len(found.rows), "rows": found.total}


def take(url: str, to: Path, field_keys: Sequence[str] = ()) -> tuple[Manifest, Path]:
    """Back up the database at `url`, in one snapshot; returns what was made, and where."""
    began, made_at = time.monotonic(), datetime.now(UTC)
    path = to / f"jiayi-{made_at:%Y%m%dT%H%M%SZ}.dump" if to.is_dir() else to
    for name in (path, manifest.place(path)):
        if name.exists():
            raise BackupError(f"{name} exists already; nothing is ever overwritten.")
    new = manifest.part(path)
    try:
        facts = _dump(url, new)
        size, digest = new.stat().st_size, manifest.digest(new)
        manifest.publish(new, path)
    finally:
        with suppress(OSError):
            new.unlink()
    seconds = round(time.monotonic() - began, 1)
    when = made_at.isoformat(timespec="seconds")
    sums: dict[str, Any] = {"bytes": size, "sha256": digest, "field_keys": field_keys}
    made = Manifest(manifest.FORMAT, made_at=when, seconds=seconds, **facts, **sums)
    manifest.write(path, made)
    return made, path


def _dump(url: str, new: Path) -> dict[str, Any]:
    """Write the data to `new`, and count them in the same snapshot."""
    calm = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=60s"
    with psycopg.connect(url, connect_timeout=10, options=calm) as link:
        link.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        link.read_only = True
        server = link.info.server_version // 10_000
        snapshot = str(_value(link, "SELECT pg_export_snapshot()"))
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        to = programs.address(url)
        options = ["--format=custom", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"]
        place = [f"--file={new}", f"--dbname={to.words}"]
        dump = programs.start([programs.find(server) / "pg_dump", *options, *place], to)
        programs.ended(dump)
        return {
            "database": link.info.dbname,
            "identity": _value(link, "SELECT database_identity()"),
            "server": server,
            "head": _value(link, "SELECT version_num FROM alembic_version"),
            "rows": counts(link),
        }


def counts(link: psycopg.Connection) -> dict[str, int]:
    """How many rows each table holds; parts of a table are tables."""
    counted = sql.SQL("SELECT count(*) FROM ONLY public.{}")
    names = [str(name) for (name,) in link.execute(TABLES).fetchall()]
    return {name: _value(link, counted.format(sql.Identifier(name))) for name in names}


def _value(link: psycopg.Connection, words: Any) -> Any:
    row = link.execute(words).fetchone()
    return row[0] if row else None
