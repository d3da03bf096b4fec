"""Whose network address a request comes from; a header that a stranger writes is none."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import request

from backend.kernel import entry
from config.settings import Proxies

NOWHERE = "unknown"
_HOUSEHOLD = 64


def address() -> str:
    """The caller's address; of IPv6 its /64, as one house owns all of that."""
    said = ",".join(request.headers.getlist("X-Forwarded-For"))
    return _address(request.remote_addr or "", said[-400:], entry.settings().trusted_proxies)


@lru_cache(4096)
def _address(peer: str, said: str, trusted: Proxies) -> str:
    """The last address that a proxy of ours names and that is no proxy of ours."""
    hops = _hops(peer, said.split(","))
    found = None
    for hop in hops:
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
