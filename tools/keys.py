"""`manage.py keys`: the keys of a deployment, changed without downtime (docs/operations.md)."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from backend import assembly
from backend.kernel import resealing, signing
from backend.kernel.crypto import PLACES, Keyring
from backend.kernel.database import owner
from config.settings import Settings, SettingsError

BATCH = 500
TELL_EVERY_S = 1.0


def main(arguments: Sequence[str]) -> int:
    """Do what is named; each line of the answer is a JSON object."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as problem:
        print(f"keys: {problem}", file=sys.stderr)
        return 1
    ring = Keyring(settings.field_keys, settings.index_key)
    status: int = COMMANDS[options.command](settings.migrator_database_url, ring, options)
    return status


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    new = argparse.ArgumentParser(prog="manage.py keys", description=__doc__)
    commands = new.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the keys that sign access tokens, and the field keys")
    rotate = commands.add_parser("rotate", help="a new signing key; the old one ends by itself")
    rotate.add_argument(
        "--signs-after", type=seconds, default=signing.SIGNS_AFTER, metavar="SECONDS",
        help="until it signs, by which every process knows it",
    )  # fmt: skip
    revoke = commands.add_parser("revoke", help="end a signing key now, with all its tokens")
    revoke.add_argument("kid")
    for name, words in (
        ("reencrypt", "seal every ciphertext by the first of FIELD_KEYS"),
        ("check", "open every ciphertext, and name the rows that do not open"),
    ):
        walk = commands.add_parser(name, help=words)
        walk.add_argument("--batch", type=int, default=BATCH, help="rows of one transaction")
    return new


def seconds(words: str) -> timedelta:
    """A time that lets every process learn of a new key before it signs."""
    found = float(words)
    if not signing.STALE_S <= found <= 3600:
        raise argparse.ArgumentTypeError(f"from {signing.STALE_S:.0f} to 3600")
    return timedelta(seconds=found)


def show(fact: Mapping[str, Any]) -> None:
    """One line."""
    print(json.dumps(fact, default=str), flush=True)


def listed(url: str, ring: Keyring, _options: argparse.Namespace) -> int:
    """Every signing key with its state, and how many ciphertexts each field key has sealed."""
    with owner(url) as connection:
        for row in signing.listed(connection):
            show({"signing_key": row.kid, **row._mapping})
    show({"field_keys": _by_key(url, ring)})
    return 0


def rotate(url: str, ring: Keyring, options: argparse.Namespace) -> int:
    """A new signing key."""
    with owner(url) as connection:
        kid = signing.rotate(connection, ring, options.signs_after)
    show({"published": kid, "signs_in_s": options.signs_after.total_seconds()})
    return 0


def revoke(url: str, ring: Keyring, options: argparse.Namespace) -> int:
    """End a signing key."""
    try:
        with owner(url) as connection:
            signing.revoke(connection, ring, options.kid)
    except signing.UnknownKey:
        print(f"keys: no usable signing key is called {options.kid}", file=sys.stderr)
        return 1
    show({"revoked": options.kid, "felt_within_s": signing.STALE_S})
    return 0


def reencrypt(url: str, ring: Keyring, options: argparse.Namespace) -> int:
    """Every column, one after the other; 1 if rows are left or do not open."""
    whole = True
    for name, place in sorted(PLACES.items()):
        column = resealing.Column(url, ring, place, options.batch)
        progress = column.reseal(Teller(name).tell)
        for row in progress.unreadable:
            show({"unreadable": row})
        show({"column": name, "done": progress.done, "left": progress.left})
        whole = whole and not progress.left and not progress.unreadable
    show({"rows_by_key": _by_key(url, ring), "complete": whole})
    return 0 if whole else 1


def check(url: str, ring: Keyring, options: argparse.Namespace) -> int:
    """Every column; 1 if a row does not open."""
    found = 0
    for _, place in sorted(PLACES.items()):
        for row in resealing.Column(url, ring, place, options.batch).unreadable():
            show({"unreadable": row})
            found += 1
    show({"columns": len(PLACES), "unreadable": found})
    return 1 if found else 0


class Teller:
    """Says how far a column is, once a second."""

    def __init__(self, column: str) -> None:
        self._column, self._told_at = column, time.monotonic()

    def tell(self, done: int) -> None:
        """So many rows are done."""
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = time.monotonic()
            show({"column": self._column, "done": done})


def _by_key(url: str, ring: Keyring) -> dict[str, int]:
    """Over all columns."""
    totals: Counter[str] = Counter()
    for place in PLACES.values():
        totals.update(resealing.Column(url, ring, place, BATCH).rows_by_key())
    return dict(totals)


COMMANDS = {
    "list": listed,
    "rotate": rotate,
    "revoke": revoke,
    "reencrypt": reencrypt,
    "check": check,
}
# Whoever assembles the features has entered every column of theirs into PLACES.
FEATURES = assembly.FEATURES
