"""`manage.py messages`: one message's story, and the send fence (docs/operations.md)."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy.exc import OperationalError

from backend import messaging
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from backend.messaging import Message, MessageKind
from config.settings import Settings, SettingsError

NEXT = {
    True: "请运行 messages fence lift：上面这些标为“不确定”，不再发送；以后到期的照常发送。",
    False: "请让 manage.py jobs 运行一两分钟，把丢失时段里的事补做完，再运行 messages fence lift。",
}


def main(arguments: Sequence[str]) -> int:
    """Do it and print what came of it; the status is 1 where it was refused."""
    asked = _parser().parse_args(arguments)
    try:
        app = assemble(Settings.from_env(os.environ))
    except SettingsError as wrong:
        print(f"manage.py messages: {wrong}", file=sys.stderr)
        return 2
    try:
        with app.app_context():
            print(json.dumps(asked.act(asked), ensure_ascii=False, default=str, indent=1))
    except Refusal as refusal:
        print(f"manage.py messages: {refusal.title}。{refusal.detail}", file=sys.stderr)
        return 1
    except OperationalError as failure:
        told = str(failure.orig).splitlines()[0]
        print(f"manage.py messages: 数据库没有答应（{told}），请再运行一次。", file=sys.stderr)
        return 1
    finally:
        release(app)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py messages", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, act, words in (
        ("why", why, "everything that happened to a message, and why it was or was not sent"),
        ("replay", replay, "send one once more that failed, where that can help"),
        ("cancel", cancel, "take one back that waits"),
    ):
        command = commands.add_parser(name, help=words)
        command.set_defaults(act=act)
        command.add_argument("id", type=UUID)
        if act is not why:
            command.add_argument("--yes", action="store_true", help="do it without asking")
    fence = commands.add_parser("fence", help="whether nothing is sent, and what is held back")
    fence.set_defaults(act=show)
    acts = fence.add_subparsers()
    raising = acts.add_parser("raise", help="send nothing: a whole machine was set back")
    raising.set_defaults(act=raise_)
    lifting = acts.add_parser("lift", help="what may have been sent is in doubt, the rest goes")
    lifting.set_defaults(act=lift)
    lifting.add_argument("--now", action="store_true", help="without waiting for the jobs")
    lifting.add_argument(
        "--send", action="append", default=[], type=MessageKind, metavar="KIND",
        help="send this kind all the same, perhaps a second time",
    )  # fmt: skip
    lifting.add_argument(
        "--nothing-lost", action="store_true",
        help="no time was lost (a planned move, a standby that had everything): all of it goes",
    )  # fmt: skip
    return parser


def why(asked: argparse.Namespace) -> dict[str, Any]:
    """Its story, which changes nothing."""
    with transaction():
        story = messaging.why(entry.now(), asked.id)
        return asdict(story)


def replay(asked: argparse.Namespace) -> dict[str, Any]:
    """Queue it once more."""
    return _acted(asked, messaging.replay)


def cancel(asked: argparse.Namespace) -> dict[str, Any]:
    """Withdraw it."""
    return _acted(asked, messaging.cancel)


def _acted(asked: argparse.Namespace, act: Callable[..., Message]) -> dict[str, Any]:
    """Show it, ask unless told not to, do it."""
    told = why(asked)
    if not asked.yes:
        print(json.dumps(told, ensure_ascii=False, default=str, indent=1), file=sys.stderr)
        if input("确定吗？输入 yes：") != "yes":
            raise Refusal("没有改动任何内容。")
    with transaction():
        row = act(entry.now(), asked.id, getpass.getuser())
        return {"id": row.id, "state": row.state, "reason": row.reason}


def show(_asked: argparse.Namespace) -> dict[str, Any]:
    """How the fence stands."""
    with transaction():
        found = messaging.lifting.look(entry.now())
    if found.raised_at is None:
        return {"fence": "down"}
    told = {"fence": "up", **asdict(found)}
    return told | {"held_in_all": sum(one.number for one in found.held), "next": _next(found)}


def _next(found: messaging.Fence) -> str:
    return NEXT[found.caught_up_at is not None]


def raise_(asked: argparse.Namespace) -> dict[str, Any]:
    """Keep every sender still from now on."""
    with transaction():
        messaging.fence.raise_by_hand(entry.now())
    return show(asked)


def lift(asked: argparse.Namespace) -> dict[str, Any]:
    """In batches, the fence staying up; it comes down last."""
    with transaction():
        cut = messaging.lifting.cut(entry.now(), now=asked.now or asked.nothing_lost)
    spared: Collection[MessageKind] = tuple(MessageKind) if asked.nothing_lost else asked.send
    doubtful = 0
    while batch := _aside(cut, spared):
        doubtful += batch
    with transaction():
        messaging.lifting.lift(entry.now(), getpass.getuser(), doubtful, asked.send)
    return {"fence": "down", "in_doubt": doubtful, "sent_again": sorted(map(str, asked.send))}


def _aside(cut: messaging.Cut, spared: Collection[MessageKind]) -> int:
    with transaction():
        return messaging.lifting.set_aside(cut, spared)
