"""Ways into the mini-program from paper and from an SMS: its codes [小程序码], its links.

Both are the same for everybody, so that they are asked for once and kept in the cache, sealed: what
is printed or sent must lead where we said.
"""

import base64
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from uuid import UUID

from backend.identity.service import wechat
from backend.kernel import cache as kept
from backend.kernel import figures
from backend.kernel.errors import Unavailable
from config.settings import ROOT

CODE, LINK = "/wxa/getwxacodeunlimit", "/wxa/generate_urllink"
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
PAGE = re.compile(r"[0-9A-Za-z_\-]+(?:/[0-9A-Za-z_\-]+)*")
LONGEST_QUERY = 1024
CODE_KEPT_S = 30 * 24 * 3600
DAY_S = 24 * 3600


@dataclass(frozen=True)
class Links:
    """Which pages, how large, for how long."""

    team_page: str
    code_width: int
    link_days: int

    def __post_init__(self) -> None:
        if not (280 <= self.code_width <= 1280 and 1 <= self.link_days <= 30):
            raise ValueError("a code is 280 to 1280 wide, a link leads somewhere for 1 to 30 days")
        if not PAGE.fullmatch(self.team_page):
            raise ValueError("a page is a path without a leading slash, and without a query")


@cache
def links() -> Links:
    """The figures in force."""
    content = tomllib.loads((ROOT / "config" / "wechat.toml").read_text("utf-8"))
    return figures.shape(Links, content, "wechat")


def team_scene(team_id: UUID) -> str:
    """What the code of a team says: 24 of the 32 characters there are."""
    return "t=" + base64.urlsafe_b64encode(team_id.bytes).decode().rstrip("=")


def code_image(scene: str, page: str) -> bytes:
    """A code that opens `page` with `scene`, as PNG or JPEG; raises `Unavailable`.

    Raises `ValueError` for what WeChat would refuse (40165, 40169). Call it with no transaction
    open.
    """
    if not SCENE.fullmatch(scene) or not PAGE.fullmatch(page):
        raise ValueError("a scene or a page that no code can carry")
    key = _key("code", f"{page}?{scene}&{links().code_width}")
    drawn = kept.read_sealed(key)
    if drawn is None:
        asked = {"scene": scene, "page": page, "width": links().code_width, "check_path": True}
        drawn = wechat().picture(CODE, asked | {"env_version": "release"})
        kept.write_sealed(key, drawn, CODE_KEPT_S)
    return drawn


def url_link(path: str, query: str = "") -> str:
    """A link for an SMS that opens `path?query`; raises `Unavailable`.

    It leads there for `link_days` less half a day. Raises `ValueError` for what WeChat would
    refuse. Call it with no transaction open.
    """
    if not PAGE.fullmatch(path) or len(query) > LONGEST_QUERY:
        raise ValueError("a path or a query that no link can carry")
    key = _key("link", f"{path}?{query}")
    found = kept.read_sealed(key)
    if found is not None:
        return found.decode()
    days = links().link_days
    asked = {"path": path, "query": query, "expire_type": 1, "expire_interval": days}
    address = wechat().ask(LINK, asked | {"env_version": "release"}).get("url_link")
    if not isinstance(address, str) or not address.startswith("https://"):
        raise Unavailable
    kept.write_sealed(key, address.encode(), DAY_S // 2)
    return address


def _key(kind: str, words: str) -> str:
    """A name that tells nothing of what it names."""
    return f"wechat:{kind}:{sha256(words.encode()).hexdigest()}"
