"""The page that shows each phone's texts, and lets its owner answer."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from .provider import Provider

SHELL = (Path(__file__).parent / "page.html").read_text("utf-8")
SHOWN, PHONES = 50, 40


def show(provider: Provider, query: Mapping[str, str]) -> web.Response:
    """The whole page, or with `part=1` only what changes."""
    phone = query.get("phone") or None
    body = _phones(provider, phone) + _texts(provider, phone)
    if "part" not in query:
        body = SHELL.replace("<!-- body -->", body)
    headers = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"}
    return web.Response(text=body, content_type="text/html", charset="utf-8", headers=headers)


def _phones(provider: Provider, chosen: str | None) -> str:
    known = {one["phone"]: None for one in reversed(provider.texts)}
    chips = [_chip("", "全部", len(provider.texts), chosen is None)]
    for phone in [*known][:PHONES]:
        chips.append(_chip(phone, phone, len(provider.phone(phone).texts), phone == chosen))
    return f'<nav aria-label="选择手机">{"".join(chips)}</nav>'


def _chip(phone: str, name: str, count: int, chosen: bool) -> str:
    mark = ' aria-current="true"' if chosen else ""
    address = f"/?phone={phone.replace('+', '%2B')}"
    return f'<a href="{escape(address)}"{mark}>{escape(name)}<b>{count}</b></a>'


def _texts(provider: Provider, phone: str | None) -> str:
    texts = provider.phone(phone).texts if phone else provider.texts
    if not texts:
        return '<main><p class="none">还没有收到短信</p></main>'
    return f"<main>{''.join(_bubble(one) for one in reversed(texts[-SHOWN:]))}</main>"


def _bubble(text: Mapping[str, Any]) -> str:
    buttons = "".join(
        f'<button data-phone="{escape(text["phone"])}" data-text="{word}">回{word}</button>'
        for word in ("1", "2", "T")
    )
    return (
        f"<article><header>{escape(text['phone'])}<time>{escape(text['at'][5:16])}</time></header>"
        f"<p>{escape(text['text'])}</p><footer>{buttons}</footer></article>"
    )
