"""The settings of one process, read once from its environment."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from config.callbacks import Callback
from config.sms_settings import IncompleteSms, SmsSettings

ROOT = Path(__file__).resolve().parent.parent
YEAR_S = 365 * 24 * 3600
MOST_IN_PRODUCTION = 10


Proxies = tuple[IPv4Network | IPv6Network, ...]
_KID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Env(StrEnum):
    """Where this process runs."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DEMO = "demo"
    TEST = "test"


class SettingsError(Exception):
    """A setting is missing or cannot be used; the text names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process may know of its deployment; secrets are kept out of `repr`."""

    env: Env
    database_url: str = field(repr=False)
    migrator_database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    region: str
    field_keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    wechat_base_url: str
    wechat_appid: str
    wechat_secret: str = field(repr=False)
    wechat_callback: Callback | None
    realname_base_url: str
    realname_key: str = field(repr=False)
    simulator_url: str | None
    journal_dir: Path
    database_pool: int
    sender_concurrency: int
    log_level: str
    trusted_proxies: Proxies
    limits_factor: float | None
    hsts_seconds: int
    shared_answers_s: float
    sms: SmsSettings | None

    @property
    def time_may_be_shifted(self) -> bool:
        """Business time moves on command in demo and tests alone."""
        return self.env in {Env.DEMO, Env.TEST}

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check every setting; raises `SettingsError` naming the first one at fault."""
        database_url = _required(environ, "DATABASE_URL")
        simulator_url = environ.get("SIMULATOR_URL")
        env = _env(environ.get("ENV", Env.PRODUCTION))
        if env is Env.PRODUCTION and simulator_url:
            raise SettingsError("SIMULATOR_URL must not be set when ENV=production")
        return cls(
            env=env,
            database_url=database_url,
            migrator_database_url=environ.get("MIGRATOR_DATABASE_URL", database_url),
            redis_url=environ.get("REDIS_URL") or None,
            region=environ.get("REGION", "huzhou"),
            field_keys=_field_keys(environ, "FIELD_KEYS"),
            index_key=_key("INDEX_KEY", _required(environ, "INDEX_KEY")),
            wechat_base_url=environ.get("WECHAT_BASE_URL", "https://api.weixin.qq.com"),
            wechat_appid=_required(environ, "WECHAT_APPID"),
            wechat_secret=_required(environ, "WECHAT_SECRET"),
            wechat_callback=_callback(environ, env),
            realname_base_url=_required(environ, "REALNAME_BASE_URL"),
            realname_key=_required(environ, "REALNAME_KEY"),
            simulator_url=simulator_url,
            journal_dir=Path(environ.get("JOURNAL_DIR", ROOT / ".jiayi" / "journal")),
            database_pool=_positive(environ, "DATABASE_POOL", 16),
            sender_concurrency=_positive(environ, "SENDER_CONCURRENCY", 32),
            log_level=environ.get("LOG_LEVEL", "INFO"),
            trusted_proxies=_networks(environ, "TRUSTED_PROXIES"),
            limits_factor=_factor(environ.get("LIMITS", "1"), env),
            hsts_seconds=_seconds(environ, "HSTS_SECONDS", YEAR_S * (env is Env.PRODUCTION)),
            shared_answers_s=_moment(environ, "SHARED_ANSWERS_S", 0.0 if env is Env.TEST else 1.0),
            sms=_sms(environ, env),
        )


def _env(name: str) -> Env:
    try:
        return Env(name)
    except ValueError as unknown:
        raise SettingsError(f"ENV must be one of {', '.join(Env)}") from unknown


def _sms(environ: Mapping[str, str], env: Env) -> SmsSettings | None:
    try:
        return SmsSettings.from_env(environ, is_production=env is Env.PRODUCTION)
    except IncompleteSms as wrong:
        raise SettingsError(str(wrong)) from wrong


def _callback(environ: Mapping[str, str], env: Env) -> Callback | None:
    try:
        return Callback.from_env(environ, is_production=env is Env.PRODUCTION)
    except ValueError as wrong:
        raise SettingsError(str(wrong)) from wrong


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is missing")
    return value


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise SettingsError(f"{name} must be a whole number above zero")
    return int(value)


def _seconds(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal():
        raise SettingsError(f"{name} must be a whole number of seconds")
    return int(value)


def _moment(environ: Mapping[str, str], name: str, default: float) -> float:
    """At most a second: what is said of free seats may not be older."""
    seconds = _number(name, environ.get(name) or str(default))
    if not 0 <= seconds <= 1:
        raise SettingsError(f"{name} must lie between 0 and 1 seconds")
    return seconds


def _networks(environ: Mapping[str, str], name: str) -> Proxies:
    """`10.0.0.0/8, fd00::/8`: whose word about the caller's address is taken."""
    words = environ.get(name, "").replace(",", " ").split()
    try:
        return tuple(ip_network(word) for word in words)
    except ValueError as wrong:
        raise SettingsError(f"{name} must hold networks such as 10.0.0.0/8") from wrong


def _factor(text: str, env: Env) -> float | None:
    """How many times config/limits.toml is allowed; `off` is for benchmarks and tests."""
    factor = None if text == "off" else _number("LIMITS", text)
    if factor is not None and not 0 < factor < float("inf"):
        raise SettingsError("LIMITS must be above zero")
    if env is Env.PRODUCTION and (factor is None or factor > MOST_IN_PRODUCTION):
        raise SettingsError(f"LIMITS is at most {MOST_IN_PRODUCTION} when ENV=production")
    return factor


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as wrong:
        raise SettingsError(f"{name} must be a number or off") from wrong


def _field_keys(environ: Mapping[str, str], name: str) -> Mapping[str, bytes]:
    """`kid:base64[,kid:base64]`; the first one encrypts, all of them decrypt.

    A key is 32 bytes (AES-256-GCM), or 16 where `sm4:` stands before it (SM4-GCM).
    """
    found: dict[str, bytes] = {}
    for entry in _required(environ, name).split(","):
        kid, _, text = entry.strip().partition(":")
        if not _KID.fullmatch(kid) or kid in found:
            raise SettingsError(f"{name}: each key needs a name of its own, as in 2027a:base64")
        sm4 = text.startswith("sm4:")
        found[kid] = _key(name, text.removeprefix("sm4:"), 16 if sm4 else 32)
    return found


def _key(name: str, text: str, length: int = 32) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as wrong:
        raise SettingsError(f"{name} must hold base64") from wrong
    if len(key) != length:
        raise SettingsError(f"{name}: a key must be {length} bytes, not {len(key)}")
    return key
