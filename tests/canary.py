"""Unmistakable values, planted as people plant theirs, and every place where they might turn up."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

Sighting = tuple[str, str]


@dataclass(frozen=True)
class Canary:
    """One value; `tables` are those where it is kept in the clear on purpose."""

    kind: str
    value: str
    tables: frozenset[str] = frozenset()

    @property
    def forms(self) -> set[bytes]:
        """How it may be written: as it is, escaped in JSON or in an address, in hexadecimal."""
        plain = self.value.encode()
        escaped = json.dumps(self.value)[1:-1].encode()
        address = quote(self.value, safe="").encode()
        return {plain, escaped, address, address.lower(), plain.hex().encode()}

    def is_in(self, text: bytes) -> bool:
        """Whether it shows in any form."""
        return any(form in text for form in self.forms)


@dataclass
class Canaries:
    """All that were planted."""

    planted: list[Canary] = field(default_factory=list)

    def plant(self, kind: str, value: str, *tables: str) -> str:
        """Give a value back for use, and remember it; too short a one would be found by chance."""
        assert len(value.encode()) >= 7, kind
        self.planted.append(Canary(kind, value, frozenset(tables)))
        return value

    def seen(
        self, places: Iterable[tuple[str, bytes]], *, but: Iterable[str] = ()
    ) -> set[Sighting]:
        """Which kinds show where, those left out that may."""
        wanted = [one for one in self.planted if one.kind not in set(but)]
        return {
            (place, one.kind)
            for place, text in places
            for one in wanted
            if place not in one.tables and one.is_in(text)
        }


def files(*roots: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, by name."""
    for root in roots:
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


def cache(url: str) -> Iterator[tuple[str, bytes]]:
    """Every key of a Redis, and what it holds."""
    client = redis.Redis.from_url(url)
    for key in client.scan_iter("*"):
        yield f"redis {key.decode()}", key + b" " + (client.dump(key) or b"") + _plain(client, key)
    client.close()


def _plain(client: "redis.Redis", key: bytes) -> bytes:
    """`DUMP` may compress what it tells, so the value is read as well."""
    read: Mapping[bytes, str] = {
        b"string": "get", b"hash": "hgetall", b"set": "smembers",
    }  # fmt: skip
    kind = client.type(key)
    if kind == b"list":
        return repr(client.lrange(key, 0, -1)).encode()
    if kind == b"zset":
        return repr(client.zrange(key, 0, -1)).encode()
    return repr(getattr(client, read[kind])(key)).encode()


def tables(url: str) -> Iterator[tuple[str, bytes]]:
    """A dump of every table in text, bytes in hexadecimal."""
    with psycopg.connect(url) as link:
        names = link.execute("""
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind = 'r' ORDER BY 1
        """).fetchall()
        for (name,) in names:
            words = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(name))
            with link.cursor().copy(words) as rows:
                yield name, b"".join(bytes(row) for row in rows)
