"""`manage.py wechat`: what an operator asks and tells WeChat; each line is a JSON object."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backend import identity, messaging
from backend.assembly import assemble, release
from backend.identity import WeChatRefused
from backend.kernel import entry
from backend.kernel.errors import Unavailable
from config.settings import Settings, SettingsError

SEND = "/cgi-bin/message/subscribe/send"


def main(arguments: Sequence[str]) -> int:
    """0 if all is well, 1 where something differs or is refused, 2 for a wrong setting."""
    asked = _parser().parse_args(arguments)
    try:
        # What WeChat says is printed here, once.
        app = assemble(Settings.from_env({**os.environ, "LOG_LEVEL": "CRITICAL"}))
    except SettingsError as wrong:
        print(f"manage.py wechat: {wrong}", file=sys.stderr)
        return 2
    try:
        with app.app_context():
            return _done(asked)
    finally:
        release(app)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py wechat", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    templates = commands.add_parser("check", help="compare the templates with config/messages.toml")
    templates.set_defaults(act=check)
    numbers = commands.add_parser("quota", help="how many calls of a path are left today")
    numbers.set_defaults(act=quota)
    numbers.add_argument("--path", default=SEND)
    numbers.add_argument("--clear", action="store_true", help="begin anew: ten times a month")
    refused = commands.add_parser("rid", help="what WeChat says of a refused call, for seven days")
    refused.set_defaults(act=rid)
    refused.add_argument("rid")
    token = commands.add_parser("token", help="get an access token and say only that it is there")
    token.set_defaults(act=show_token)
    token.add_argument("--force", action="store_true", help="another one, at once: after a leak")
    return parser


def _done(asked: argparse.Namespace) -> int:
    try:
        status: int = asked.act(asked)
    except WeChatRefused as refused:
        show({"refused": refused.errcode, "rid": refused.rid, "errmsg": refused.words})
        show(_meaning(refused.errcode))
        return 1
    except Unavailable:
        code = identity.token_refused_with(entry.settings().wechat_appid)
        show({"unavailable": True, "token_refused_with": code})
        show(_meaning(code) if code else {"advice": "Is WECHAT_BASE_URL reachable from here?"})
        return 1
    return status


def check(_asked: argparse.Namespace) -> int:
    """Every difference; the last line counts them."""
    found = messaging.check_templates()
    for one in found:
        show(one.told())
    show({"templates": len(messaging.catalogue().template), "differences": len(found)})
    return 1 if found else 0


def quota(asked: argparse.Namespace) -> int:
    """Today's numbers of a path, after clearing them where that is asked."""
    if asked.clear:
        identity.clear_wechat_quota()
    show({"path": asked.path, **asdict(identity.wechat_quota(asked.path))})
    return 0


def rid(asked: argparse.Namespace) -> int:
    """What was asked and what was answered."""
    show(identity.look_up_rid(asked.rid))
    return 0


def show_token(asked: argparse.Namespace) -> int:
    """The way to a token works; the token itself is shown to nobody."""
    if asked.force:
        identity.force_wechat_token()
    identity.wechat().access_token()
    show({"token": "there", "forced": asked.force})
    return 0


def show(fact: Mapping[str, Any]) -> None:
    """One line."""
    print(json.dumps(fact, default=str, ensure_ascii=False), flush=True)


def _meaning(code: int) -> dict[str, str]:
    known = identity.wechat_refusal(code)
    return {"means": known.means, "follows": str(known.action), "advice": known.advice}
