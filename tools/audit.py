"""`manage.py audit`: recompute the chain over the log of disclosures; retire a month of it."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from backend import auditing
from backend.assembly import assemble, release
from backend.kernel.transaction import transaction
from config.settings import Settings


def main(arguments: Sequence[str]) -> int:
    """0 if the chain is whole (and the month retired), 1 if something is named, 2 if refused."""
    asked = _parser().parse_args(arguments)
    settings = Settings.from_env(os.environ)
    if asked.act is retire:
        settings = replace(settings, database_url=settings.migrator_database_url)
    app = assemble(settings)
    try:
        with app.app_context():
            return int(asked.act(asked))
    finally:
        release(app)


def verify(asked: argparse.Namespace) -> int:
    """Recompute the chain; print what is wrong, and the newest root, to be kept elsewhere."""
    with transaction():
        verdict = auditing.verify(asked.since, asked.expect)
    for finding in verdict.findings:
        print(finding)
    told = f"{verdict.seals} seals over {verdict.rows} disclosures"
    print(f"{told}; newest seal {verdict.number}, root {verdict.root.hex()}")
    return 1 if verdict.findings else 0


def retire(asked: argparse.Namespace) -> int:
    """Drop a month that was kept for three years; the chain is verified before and after."""
    if verify(asked):
        return 1
    try:
        with transaction():
            rows = auditing.retire(asked.month)
    except auditing.TooYoung:
        print(f"{asked.month:%Y-%m} must still be kept", file=sys.stderr)
        return 2
    print(f"{asked.month:%Y-%m} is retired: {rows} disclosures")
    return verify(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py audit", description=__doc__)
    acts = parser.add_subparsers(required=True)
    checking = acts.add_parser("verify", help=verify.__doc__)
    checking.add_argument("--from", dest="since", type=date.fromisoformat, metavar="DATE")
    checking.add_argument("--expect", type=bytes.fromhex, metavar="ROOT")
    checking.set_defaults(act=verify)
    retiring = acts.add_parser("retire", help=retire.__doc__)
    retiring.add_argument("month", type=_month, metavar="YYYY-MM")
    retiring.set_defaults(act=retire, since=None, expect=None)
    return parser


def _month(text: str) -> date:
    return datetime.strptime(f"{text}-01 +0000", "%Y-%m-%d %z").date()
