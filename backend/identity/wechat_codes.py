"""What follows from each of WeChat's refusals: config/wechat_codes.toml as the code reads it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from backend.kernel import figures
from config.settings import ROOT


class Action(StrEnum):
    """What is done about a refusal; the file says of each what it means."""

    PERMANENT = "permanent"
    CALLER = "caller"
    BACK_OFF = "back_off"
    NEXT_DAY = "next_day"
    REFRESH = "refresh"
    STOP = "stop"
    OPERATOR = "operator"
    DEFECT = "defect"


ALWAYS_ALARMING = frozenset({Action.STOP, Action.OPERATOR, Action.DEFECT})


@dataclass(frozen=True)
class Refused:
    """One code: what it means, what is done, what an operator may do."""

    means: str
    action: Action
    advice: str
    alarm: bool = False

    @property
    def is_alarming(self) -> bool:
        """Whether somebody should look."""
        return self.alarm or self.action in ALWAYS_ALARMING


@dataclass(frozen=True)
class _Codes:
    code: Mapping[str, Refused]


UNKNOWN = Refused(
    "not in our table",
    Action.PERMANENT,
    "Look it up with the rid (`manage.py wechat rid RID`), and add it to config/wechat_codes.toml.",
    alarm=True,
)
_RID = re.compile(r"rid: ([0-9A-Za-z-]{1,60})|req_id: ([0-9A-Za-z_-]{1,60})")


@cache
def codes() -> Mapping[int, Refused]:
    """Every code that we know."""
    content = tomllib.loads((ROOT / "config" / "wechat_codes.toml").read_text("utf-8"))
    known = figures.shape(_Codes, content, "wechat_codes").code
    return {int(code): refused for code, refused in known.items()}


def refusal(code: int) -> Refused:
    """What a code means; one that nobody knows is permanent, and alarming."""
    return codes().get(code, UNKNOWN)


def with_action(*actions: Action) -> frozenset[int]:
    """The codes about which one of these is done."""
    return frozenset(code for code, known in codes().items() if known.action in actions)


def rid_of(answer: Mapping[str, Any]) -> str | None:
    """The request id by which WeChat can say more, in its new form or the old one."""
    found = _RID.search(str(answer.get("errmsg", "")))
    return (found[1] or found[2]) if found else None
