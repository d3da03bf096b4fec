"""The page that shows each person's phone: service notifications, newest first."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from aiohttp import web

from .platform import Platform
from .templates import Template

SHELL = (Path(__file__).parent / "page.html").read_text("utf-8")
SHOWN = 50
PEOPLE = 40
UNKNOWN = Template(id="", title="服务通知", fields={})


def show(platform: Platform, query: Mapping[str, str]) -> web.Response:
    """The whole page, or with `part=1` only what changes."""
    openid = query.get("openid") or None
    body = _people(platform, openid) + _cards(platform, openid)
    if "part" not in query:
        body = SHELL.replace("<!-- body -->", body)
    headers = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"}
    return web.Response(text=body, content_type="text/html", charset="utf-8", headers=headers)


def _people(platform: Platform, chosen: str | None) -> str:
    latest = list(islice(reversed(platform.ledger.of_openid.items()), PEOPLE))
    if chosen and chosen not in dict(latest):
        latest.append((chosen, platform.ledger.of_openid.get(chosen, [])))
    chips = [_chip("", "全部", len(platform.ledger.lines), chosen is None)]
    for one, places in latest:
        chips.append(_chip(one, _name(platform, one), len(places), one == chosen))
    return f'<nav aria-label="选择手机">{"".join(chips)}</nav>'


def _chip(openid: str, name: str, count: int, chosen: bool) -> str:
    mark = ' aria-current="true"' if chosen else ""
    return f'<a href="/?openid={escape(openid)}"{mark}>{escape(name)}<b>{count}</b></a>'


def _name(platform: Platform, openid: str) -> str:
    user = platform.users.by_openid.get(openid)
    return user.name if user and user.name else f"微信用户 …{openid[-4:]}"


def _cards(platform: Platform, openid: str | None) -> str:
    messages = platform.ledger.newest(openid, SHOWN)
    if not messages:
        return '<main><p class="none">还没有收到消息</p></main>'
    return f"<main>{''.join(_card(platform, one) for one in messages)}</main>"


def _card(platform: Platform, message: dict[str, Any]) -> str:
    template = platform.templates.get(message["template_id"], UNKNOWN)
    rows = "".join(
        f"<dt>{escape(template.fields.get(key, key))}</dt><dd>{escape(value)}</dd>"
        for key, value in message["data"].items()
    )
    jump = '<p class="jump">进入小程序查看</p>' if message["page"] else ""
    return (
        f"<article><header><span>医</span>家医 · {escape(_name(platform, message['openid']))}"
        f"<time>{_when(message['at'], platform.clock.local())}</time></header>"
        f"<h2>{escape(template.title)}</h2><dl>{rows}</dl>{jump}</article>"
    )


def _when(at: str, now: datetime) -> str:
    moment = datetime.fromisoformat(at)
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"
