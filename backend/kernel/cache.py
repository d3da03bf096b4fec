"""Redis as a cache: it may be flushed, frozen or away at any time and costs only speed."""

from typing import Any

import redis
import structlog
from flask import current_app

from backend.kernel.crypto import Unreadable, keyring

log = structlog.get_logger(__name__)

Away = (redis.RedisError, OSError)


def connect(url: str | None) -> "redis.Redis | None":
    """A client with short time-outs, or `None` where no Redis is configured."""
    if url is None:
        return None
    return redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)


def read(key: str) -> bytes | None:
    """What is kept under `key`, if it can be had now."""
    client = _client()
    try:
        kept: Any = client.get(key) if client else None
    except Away as failure:
        log.warning("cache away", error=type(failure).__name__)
        return None
    return kept if isinstance(kept, bytes) else None


def write(key: str, value: bytes, ttl_s: int) -> None:
    """Keep `value` for at most `ttl_s` seconds, if it can be kept."""
    client = _client()
    try:
        if client:
            client.set(key, value, ex=ttl_s)
    except Away as failure:
        log.warning("cache away", error=type(failure).__name__)


def read_sealed(key: str) -> bytes | None:
    """What was kept by `write_sealed` under this key, and by nobody else."""
    sealed = read(key)
    try:
        return None if sealed is None else keyring().unseal(sealed, key)
    except Unreadable:
        return None


def write_sealed(key: str, value: bytes, ttl_s: int) -> None:
    """Keep what may not be read, nor changed, by whoever can reach the cache."""
    write(key, keyring().seal(value, key), ttl_s)


def drop(key: str) -> None:
    """Forget `key`, if the cache can be reached."""
    client = _client()
    try:
        if client:
            client.delete(key)
    except Away as failure:
        log.warning("cache away", error=type(failure).__name__)


def _client() -> "redis.Redis | None":
    client: redis.Redis | None = current_app.extensions["cache"]
    return client
