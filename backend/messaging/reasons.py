"""Every reason in the words of those who run the product, and what to do about it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from backend.kernel import figures
from backend.messaging.models import Reason
from config.settings import ROOT


@dataclass(frozen=True)
class ReasonWords:
    """What a reason means, what to do, and whether sending once more can help."""

    words: str
    todo: str
    replay: bool = False


@cache
def _all() -> Mapping[str, ReasonWords]:
    told = tomllib.loads((ROOT / "config" / "texts" / "message_reasons.toml").read_text("utf-8"))
    return {name: figures.shape(ReasonWords, one, name) for name, one in told.items()}


def words_of(reason: Reason) -> ReasonWords:
    """The words of a reason; one that has none yet is named by its code."""
    return _all().get(str(reason), ReasonWords(str(reason), "请查看日志"))
