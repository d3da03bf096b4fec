"""`python -m tools.wechat_simulator --port P --ledger FILE`: serve in the foreground."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from backend.kernel.process import die_with_parent

from . import server, templates
from .letters import LANGUAGES, MODES, Agreed
from .platform import Account, Platform


def main() -> None:
    """Read the command line and the environment, then serve until a signal comes."""
    options = _parser().parse_args()
    if options.child:
        die_with_parent()
    if not options.secret:
        raise SystemExit("wechat simulator: --secret or WECHAT_SECRET is needed")
    asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    until, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, until.set)
    await server.serve(_platform(options), options.host, options.port, until)


def _platform(options: argparse.Namespace) -> Platform:
    account = Account(
        options.appid, options.secret, options.realname_key, frozenset(options.page or ())
    )
    known = templates.read(options.templates) if options.templates else []
    return Platform(account, options.ledger, known, options.daily_sends, _agreed(options))


def _agreed(options: argparse.Namespace) -> Agreed | None:
    """Where callbacks go, if they go anywhere."""
    if not options.callback:
        return None
    secrets = {"token": options.callback_token, "aes_key": options.callback_aes_key}
    ways = {"mode": options.callback_mode, "language": options.callback_language}
    return Agreed(url=options.callback, appid=options.appid, **secrets, **ways)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.wechat_simulator", description=__doc__)
    say = parser.add_argument
    say("--host", default="127.0.0.1")
    say("--port", type=int, required=True, help="0 takes a free one and prints it")
    say("--ledger", type=Path, required=True, help="JSON lines; FILE.journal keeps the users")
    say("--appid", default=os.environ.get("WECHAT_APPID", "wx0123456789abcdef"))
    say("--secret", default=os.environ.get("WECHAT_SECRET"))
    say("--realname-key", default=os.environ.get("REALNAME_KEY", "realname-demo-key"))
    say("--templates", type=Path, help="TOML with [[template]] tables")
    say("--page", action="append", help="a released page; repeat it; without any, every pages/…")
    say("--daily-sends", type=int, default=10_000_000)
    say("--callback", help="where popup, change and sent events are posted")
    say("--callback-token", default=os.environ.get("WECHAT_CALLBACK_TOKEN", ""))
    say("--callback-aes-key", default=os.environ.get("WECHAT_CALLBACK_AES_KEY", ""))
    say("--callback-mode", default="safe", choices=MODES)
    say("--callback-language", default="json", choices=LANGUAGES)
    say("--child", action="store_true", help="end when the parent process ends")
    return parser


if __name__ == "__main__":
    main()
