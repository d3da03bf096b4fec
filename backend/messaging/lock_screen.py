"""What may stand on a lock screen: nothing that tells of anybody's health or identity (PIPL 28)."""

import re
import tomllib
from functools import cache

from config.settings import ROOT


@cache
def _forms() -> tuple[re.Pattern[str], re.Pattern[str]]:
    content = tomllib.loads((ROOT / "config" / "lock_screen.toml").read_text("utf-8"))
    return re.compile("|".join(content["never"])), re.compile("|".join(content["harmless"]))


def tells(words: str) -> str | None:
    """What words tell that nobody else should read, as it stands there; `None` for nothing."""
    never, harmless = _forms()
    found = never.search(harmless.sub("", words))
    return found and found[0]
