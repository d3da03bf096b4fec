"""Controls over the account: who may call, what is released, which links were made."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .control_api import Handler
from .platform import Platform


def set_whitelist(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Only these addresses get tokens; without any, everybody does."""
    platform.office.allow(list(body["ips"]))
    return {"ips": sorted(platform.office.allowed)}


def release_pages(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """The pages of the released version; without any, every `pages/…`."""
    platform.account = replace(platform.account, pages=frozenset(map(str, body["pages"])))
    return {"pages": sorted(platform.account.pages)}


def links(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """Where each link leads, and until when."""
    return {"links": platform.office.links}


CONTROLS: dict[tuple[str, str], Handler] = {
    ("POST", "/_sim/whitelist"): set_whitelist,
    ("POST", "/_sim/pages"): release_pages,
    ("GET", "/_sim/links"): links,
}
