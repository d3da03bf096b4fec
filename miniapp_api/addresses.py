"""Whose network address a request comes from; a header that a stranger writes is none."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import Flask, Request, current_app

from config.settings import Proxies

NOWHERE = "unknown"
MOST_SAID = 400
_HOUSEHOLD = 64


def address(asked: Request) -> str:
    """The caller's address; of IPv6 its /64, as one house owns all of that."""
    told = asked.environ
    said = told.get("HTTP_X_FORWARDED_FOR", "")
    find: Callable[[str, str], str] = current_app.extensions["address_of"]
    return find(told.get("REMOTE_ADDR") or "", said[-MOST_SAID:])


def register(app: Flask, trusted: Proxies) -> None:
    """Take the word of these proxies; what was found once is kept."""
    app.extensions["address_of"] = lru_cache(4096)(partial(address_of, trusted))


def address_of(trusted: Proxies, peer: str, said: str) -> str:
    """The last address that a proxy of ours names and that is no proxy of ours."""
    found = None
    for hop in _hops(peer, said.split(",")):
        found = hop
        if not any(hop in network for network in trusted):
            break
    return _named(found)


def _hops(peer: str, said: Sequence[str]) -> Iterator[IPv4Address | IPv6Address]:
    """From the nearest to the farthest, as far as they can be read."""
    for text in [peer, *reversed(said)]:
        try:
            hop = ip_address(text.strip())
        except ValueError:
            return
        yield getattr(hop, "ipv4_mapped", None) or hop


def _named(found: IPv4Address | IPv6Address | None) -> str:
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _HOUSEHOLD), strict=False).network_address)
    return str(found) if found else NOWHERE
