"""Which channel follows where one did not reach the person; pure functions over values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region
from backend.messaging.models import Answer, Reason, State
from backend.messaging.wording import Channel, InDoubt, Wording


@dataclass(frozen=True, kw_only=True)
class LadderPolicy:
    """What the region lays down about going on to another channel.

    `doubt_minutes` (real time): so long WeChat's own word on a doubtful message is waited for.
    `call_taken_minutes` (real time): so long who took a call has it alone.
    `visit_evening`, `visit_morning`: when somebody is reminded of a visit, the day before or, where
    it was booked later, the same day; never less than `visit_hours` before it.
    """

    doubt_minutes: int
    call_tries: int
    call_again_hours: int
    call_taken_minutes: int
    visit_evening: time
    visit_morning: time
    visit_hours: int


def ladder_of(region: Region) -> LadderPolicy:
    """The region's figures."""
    return region.section("ladder", LadderPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The last message of a ladder, and what is known of the person and of the first one.

    `used`: the channels that were tried; `barred`: those that cannot reach the person, and why.
    """

    channel: Channel
    state: State
    reason: Reason | None
    used: frozenset[Channel]
    obsolete: bool = False
    is_welcome: bool = True
    read_at: datetime | None = None
    answer: Answer | None = None
    expires_at: datetime | None = None
    barred: Mapping[Channel, Reason] = field(default_factory=dict)


# After these the person was reached, or has said enough.
SATISFIED = frozenset({Reason.REFUSED, Reason.MOVED_AWAY, Reason.UNWELCOME})

# Withdrawn for the channel's sake, not for the person's: another one may follow.
NOT_PUSHED = frozenset({Reason.KEPT_CREDIT, Reason.OVER_BUDGET})


def is_over(rung: Rung, wording: Wording, at: datetime) -> bool:
    """Whether no further channel is needed, or none is wanted, of a rung whose time has come."""
    if rung.obsolete or not rung.is_welcome or rung.reason in SATISFIED:
        return True
    is_heard = rung.read_at is not None or rung.answer is not None
    is_late = rung.expires_at is not None and rung.expires_at <= at
    return is_heard or is_late or _suffices(rung, wording)


def _suffices(rung: Rung, wording: Wording) -> bool:
    """Whether what became of this rung is an end by itself."""
    match rung.state:
        case State.SENT:
            return rung.channel is Channel.CALL or wording.unread_hours is None
        case State.UNKNOWN:
            return wording.in_doubt is not InDoubt.NEXT and wording.unread_hours is None
        case State.WITHDRAWN:
            return rung.reason not in NOT_PUSHED
        case _:
            return False


def next_channel(rung: Rung, wording: Wording) -> tuple[Channel | None, list[Channel]]:
    """The channel that follows, and those passed over on the way.

    Where nothing else is left, the centre has the person on its list though the number is no good.
    """
    passed: list[Channel] = []
    for channel in wording.ladder:
        if channel in rung.used:
            continue
        if channel not in rung.barred:
            return channel, passed
        passed.append(channel)
    if Channel.CALL in passed and rung.barred[Channel.CALL] is not Reason.NOT_REACHED:
        return Channel.CALL, passed
    return None, passed


def visit_reminder_at(starts_at: datetime, now: datetime, policy: LadderPolicy) -> datetime | None:
    """When somebody is reminded of a visit: the evening before, else that morning; else never."""
    day = starts_at.astimezone(SHANGHAI).date()
    evening = datetime.combine(day - timedelta(days=1), policy.visit_evening, SHANGHAI)
    morning = datetime.combine(day, policy.visit_morning, SHANGHAI)
    latest = starts_at - timedelta(hours=policy.visit_hours)
    return next((at for at in (evening, morning) if now < at <= latest), None)
