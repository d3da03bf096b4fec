"""How WeChat's events reach us [消息推送]: the token, the key and the mode set in its console."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NAMES = ("WECHAT_CALLBACK_TOKEN", "WECHAT_CALLBACK_AES_KEY")
_TOKEN, _KEY = re.compile(r"[A-Za-z0-9]{3,32}"), re.compile(r"[A-Za-z0-9]{43}")


class Mode(StrEnum):
    """明文 plain, 兼容 mixed (its encrypted part alone is read), 安全 safe."""

    PLAIN = "plain"
    MIXED = "mixed"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Callback:
    """What WeChat's console and we agreed on; `key` is the 32 bytes of the EncodingAESKey."""

    token: str = field(repr=False)
    key: bytes = field(repr=False)
    mode: Mode

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, is_production: bool) -> "Callback | None":
        """`None` where nothing of it is set; raises `ValueError` with what is wrong."""
        token, key = (environ.get(name, "") for name in NAMES)
        mode = _mode(environ.get("WECHAT_CALLBACK_MODE") or Mode.SAFE)
        if not token and not key:
            return None
        if not _TOKEN.fullmatch(token):
            raise ValueError("WECHAT_CALLBACK_TOKEN must be 3 to 32 letters and digits")
        if is_production and mode is Mode.PLAIN:
            raise ValueError("WECHAT_CALLBACK_MODE must be safe or mixed when ENV=production")
        is_keyless = mode is Mode.PLAIN and not key
        return cls(token, b"" if is_keyless else opened(key), mode)


def opened(key: str) -> bytes:
    """The 32 bytes of 43 characters; spare bits of the last one may be set, as WeChat's are."""
    if not _KEY.fullmatch(key):
        raise ValueError("WECHAT_CALLBACK_AES_KEY must be 43 letters and digits")
    return base64.b64decode(f"{key}=")


def _mode(name: str) -> Mode:
    try:
        return Mode(name)
    except ValueError:
        raise ValueError(f"WECHAT_CALLBACK_MODE must be one of {', '.join(Mode)}") from None
