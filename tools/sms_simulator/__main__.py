"""`python -m tools.sms_simulator --port P --ledger FILE`: serve in the foreground."""

import argparse
import asyncio
import os
import signal
import tomllib
from pathlib import Path

from backend.kernel.process import die_with_parent

from . import server
from .callbacks import Callbacks
from .provider import Account, Provider


def main() -> None:
    """Read the command line and the environment, then serve until a signal comes."""
    options = _parser().parse_args()
    if options.child:
        die_with_parent()
    if not options.secret_key:
        raise SystemExit("sms simulator: --secret-key or SMS_SECRET_KEY is needed")
    asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    until, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, until.set)
    provider = _provider(options)
    callbacks = Callbacks(provider, options.receipts_url, options.replies_url)
    await server.serve(provider, callbacks, options.host, options.port, until)


def _provider(options: argparse.Namespace) -> Provider:
    signs = frozenset(options.sign)
    account = Account(options.secret_id, options.secret_key, options.app_id, signs)
    known = _texts(options.texts) if options.texts else {}
    return Provider(account, options.ledger, known, options.daily, options.letters)


def _texts(path: Path) -> dict[str, str]:
    """The approved texts: `[text.NAME]` tables with `id` and `text`."""
    tables = tomllib.loads(path.read_text("utf-8"))["text"]
    return {one["id"]: one["text"] for one in tables.values()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.sms_simulator", description=__doc__)
    say = parser.add_argument
    say("--host", default="127.0.0.1")
    say("--port", type=int, required=True, help="0 takes a free one and prints it")
    say("--ledger", type=Path, required=True, help="JSON lines of what was delivered")
    say("--secret-id", default=os.environ.get("SMS_SECRET_ID", "AKIDEXAMPLE"))
    say("--secret-key", default=os.environ.get("SMS_SECRET_KEY"))
    say("--app-id", default=os.environ.get("SMS_APP_ID", "1400006666"))
    say("--sign", action="append", default=[os.environ.get("SMS_SIGN", "家医示例")])
    say("--texts", type=Path, help="TOML with [text.NAME] tables: id, text")
    say("--daily", type=int, default=10, help="texts a number may get in a day")
    say("--letters", type=int, default=6, help="characters of one variable")
    say("--receipts-url", default="")
    say("--replies-url", default="")
    say("--child", action="store_true", help="end when the parent process ends")
    return parser


if __name__ == "__main__":
    main()
