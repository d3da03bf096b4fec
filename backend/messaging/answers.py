"""What follows from WeChat's answer to a send; config/wechat_codes.toml says what a code means."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from backend import identity
from backend.identity import WeChatAction
from backend.kernel.calendar import SHANGHAI
from backend.messaging.models import Reason, State

OK, BUSY = 0, -1
STALE_TOKEN = identity.wechat_codes_with(WeChatAction.REFRESH)
BUSY_PAUSES_S = (1.0, 5.0, 30.0)

PERMANENT: Mapping[int, Reason] = {
    43101: Reason.NO_CREDIT,
    40003: Reason.BAD_RECIPIENT,
    40037: Reason.BAD_TEMPLATE,
    41030: Reason.BAD_PAGE,
    47003: Reason.BAD_CONTENT,
    45168: Reason.BLOCKED_CONTENT,
    40249: Reason.BLOCKED_CONTENT,
}
PAUSES_S: Mapping[int, tuple[Reason, float]] = {
    43108: (Reason.CONCURRENT, 1.5),
    45011: (Reason.RATE, 60.0),
}
HALTS: Mapping[WeChatAction, tuple[Reason, float]] = {
    WeChatAction.REFRESH: (Reason.BAD_TOKEN, 2.0),
    WeChatAction.STOP: (Reason.SUSPENDED, 600.0),
    WeChatAction.OPERATOR: (Reason.SUSPENDED, 600.0),
}
EXPECTED = frozenset(
    {
        Reason.NO_CREDIT,
        Reason.BUSY,
        Reason.CONCURRENT,
        Reason.RATE,
        Reason.STOPPED,
        Reason.PHONE_LIMIT,
    }
)

_FIELD = re.compile(r"data\.(\w{1,40})\.value")
_INT4, _INT8 = 2**31, 2**63


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a message stands after an attempt.

    `pause_s`: not again before so many seconds (real time); `halt_s`: nothing at all before;
    `counted`: whether this attempt brings giving up nearer. `field`: the one WeChat complains of;
    `code`: an SMS provider's word.
    """

    state: State
    reason: Reason | None = None
    pause_s: float = 0.0
    halt_s: float = 0.0
    counted: bool = False
    errcode: int | None = None
    rid: str | None = None
    msgid: int | None = None
    field: str | None = None
    code: str | None = None

    @property
    def alarming(self) -> bool:
        """Whether an operator should look."""
        refused = self.errcode not in {None, OK} or (self.code and self.state is not State.SENT)
        return bool(refused) and self.reason not in EXPECTED


RELEASED = Outcome(State.QUEUED)
NOT_REACHED = Outcome(State.QUEUED, Reason.NOT_REACHED, pause_s=5.0, halt_s=2.0)
NO_ANSWER = Outcome(State.UNKNOWN, Reason.NO_ANSWER, counted=True)
UNREADABLE = Outcome(State.UNKNOWN, Reason.UNREADABLE, counted=True)
INTERRUPTED = Outcome(State.UNKNOWN, Reason.INTERRUPTED, counted=True)
DEFECT = Outcome(State.FAILED, Reason.DEFECT, counted=True)
IN_DOUBT = Outcome(State.UNKNOWN, Reason.DEFECT, counted=True)


def read(body: bytes) -> Mapping[str, Any] | None:
    """The answer's JSON object; broken characters are passed over, a broken object is `None`."""
    try:
        answer = _parsed(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body.decode(errors="ignore"), strict=False)


def judge(answer: Mapping[str, Any] | None, busy_before: int, wall: datetime) -> Outcome:
    """The outcome; an answer that cannot be read leaves in doubt whether it was delivered."""
    code = None if answer is None else _whole(answer.get("errcode", OK), _INT4)
    if answer is None or code is None:
        return UNREADABLE
    if code == OK:
        msgid = _whole(answer.get("msgid"), _INT8)
        return Outcome(State.SENT, counted=True, errcode=OK, msgid=msgid)
    outcome = _refused(code, busy_before, wall)
    return replace(outcome, errcode=code, rid=identity.wechat_rid(answer), field=_field(answer))


def _refused(code: int, busy_before: int, wall: datetime) -> Outcome:
    action = identity.wechat_refusal(code).action
    if code in PAUSES_S:
        reason, pause = PAUSES_S[code]
        return Outcome(State.QUEUED, reason, pause)
    if action in HALTS or action is WeChatAction.NEXT_DAY:
        full = (Reason.QUOTA, until_midnight_s(wall))
        reason, halt = HALTS.get(action, full)
        return Outcome(State.QUEUED, reason, halt, halt)
    if code == BUSY and busy_before < len(BUSY_PAUSES_S):
        return Outcome(State.QUEUED, Reason.BUSY, BUSY_PAUSES_S[busy_before], counted=True)
    return Outcome(State.FAILED, _final(code, action), counted=True)


def _final(code: int, action: WeChatAction) -> Reason:
    """Why it failed for good; a code that cannot be an answer to a send is unexpected."""
    if code == BUSY:
        return Reason.BUSY
    other = Reason.DEFECT if action is WeChatAction.DEFECT else Reason.UNEXPECTED_CODE
    return PERMANENT.get(code, other)


def until_midnight_s(wall: datetime) -> float:
    """Seconds until WeChat's next day begins, in Shanghai."""
    local = wall.astimezone(SHANGHAI)
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), SHANGHAI)
    return (midnight - local).total_seconds()


def _whole(value: Any, bound: int) -> int | None:
    """An integer, also where it came as a text, that a column can keep."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -bound <= number < bound else None


def _field(answer: Mapping[str, Any]) -> str | None:
    """The template's field named in the text, for a person to read."""
    found = _FIELD.search(str(answer.get("errmsg", "")))
    return found[1] if found else None
