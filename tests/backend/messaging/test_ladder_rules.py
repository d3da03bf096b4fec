"""Which channel follows, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from backend.kernel.calendar import SHANGHAI
from backend.messaging.ladder_rules import (
    LadderPolicy,
    Rung,
    is_over,
    next_channel,
    visit_reminder_at,
)
from backend.messaging.models import Answer, Reason, State
from backend.messaging.wording import Channel, MessageKind, catalogue

AT = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
FOLLOW_UP = catalogue().kind[MessageKind.FOLLOW_UP_DUE]
ACCEPTED = catalogue().kind[MessageKind.CONTRACT_ACCEPTED]
CANCELLED = catalogue().kind[MessageKind.SESSION_CANCELLED]
FAILED = Rung(
    channel=Channel.WECHAT,
    state=State.FAILED,
    reason=Reason.NO_ACCOUNT,
    used=frozenset({Channel.WECHAT}),
)
SENT = replace(FAILED, state=State.SENT, reason=None)
IN_DOUBT = replace(FAILED, state=State.UNKNOWN, reason=Reason.NO_ANSWER)


@pytest.mark.parametrize(
    ("rung", "wording", "over"),
    [
        (FAILED, FOLLOW_UP, False),
        (SENT, FOLLOW_UP, False),
        (SENT, ACCEPTED, True),
        (IN_DOUBT, FOLLOW_UP, False),
        (IN_DOUBT, ACCEPTED, True),
        (IN_DOUBT, CANCELLED, False),
        (replace(FAILED, obsolete=True), FOLLOW_UP, True),
        (replace(FAILED, is_welcome=False), FOLLOW_UP, True),
        (replace(FAILED, read_at=AT), FOLLOW_UP, True),
        (replace(FAILED, answer=Answer.CONFIRMED), FOLLOW_UP, True),
        (replace(FAILED, expires_at=AT), FOLLOW_UP, True),
        (replace(FAILED, expires_at=AT + timedelta(seconds=1)), FOLLOW_UP, False),
        (replace(FAILED, state=State.WITHDRAWN, reason=Reason.KEPT_CREDIT), FOLLOW_UP, False),
        (replace(FAILED, state=State.WITHDRAWN, reason=Reason.OVER_BUDGET), FOLLOW_UP, False),
        (replace(FAILED, state=State.WITHDRAWN, reason=Reason.MUTED), FOLLOW_UP, True),
        (replace(FAILED, channel=Channel.CALL, reason=Reason.REFUSED), FOLLOW_UP, True),
        (replace(FAILED, channel=Channel.CALL, reason=Reason.MOVED_AWAY), FOLLOW_UP, True),
        (replace(FAILED, channel=Channel.CALL, reason=Reason.NO_REPLY), FOLLOW_UP, False),
        (replace(FAILED, channel=Channel.CALL, reason=Reason.WRONG_NUMBER), FOLLOW_UP, False),
        (replace(SENT, channel=Channel.CALL), FOLLOW_UP, True),
        (replace(FAILED, reason=Reason.STOPPED, channel=Channel.SMS), FOLLOW_UP, False),
    ],
)
def test_when_a_ladder_is_over(rung: Rung, wording: object, over: bool) -> None:
    assert is_over(rung, wording, AT) is over  # type: ignore[arg-type]


NO_PHONE = {Channel.SMS: Reason.NO_PHONE, Channel.CALL: Reason.NO_PHONE}
NO_HOUSE = {Channel.CALL: Reason.NOT_REACHED}


@pytest.mark.parametrize(
    ("used", "barred", "channel", "passed"),
    [
        ("", {}, Channel.SMS, []),
        ("sms", {}, Channel.CALL, []),
        ("sms call", {}, Channel.FAMILY, []),
        ("sms call family", {}, None, []),
        ("", {Channel.SMS: Reason.NO_TEXT}, Channel.CALL, [Channel.SMS]),
        ("", NO_PHONE, Channel.FAMILY, [Channel.SMS, Channel.CALL]),
        ("family", NO_PHONE, Channel.CALL, [Channel.SMS, Channel.CALL]),
        ("call family", NO_PHONE, None, [Channel.SMS]),
        ("sms", NO_HOUSE, Channel.FAMILY, [Channel.CALL]),
        ("sms family", NO_HOUSE, None, [Channel.CALL]),
    ],
)
def test_what_follows(
    used: str,
    barred: dict[Channel, Reason],
    channel: Channel | None,
    passed: list[Channel],
) -> None:
    tried = frozenset({Channel.WECHAT, *map(Channel, used.split())})
    found = next_channel(replace(FAILED, used=tried, barred=barred), FOLLOW_UP)
    assert found == (channel, passed)


POLICY = LadderPolicy(
    doubt_minutes=5,
    call_tries=3,
    call_again_hours=2,
    call_taken_minutes=15,
    visit_evening=time(18),
    visit_morning=time(7, 30),
    visit_hours=2,
)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("starts", "booked", "due"),
    [
        (on(26, 9), on(23, 9), on(25, 18)),
        (on(26, 9), on(25, 19), None),  # the morning would be nearer than two hours
        (on(26, 9, 30), on(25, 19), on(26, 7, 30)),
        (on(26, 15), on(26, 8), None),
        (on(26, 0, 30), on(25, 9), on(25, 18)),
    ],
)
def test_a_visit_is_near_the_evening_before_or_that_morning(
    starts: datetime, booked: datetime, due: datetime | None
) -> None:
    assert visit_reminder_at(starts.astimezone(UTC), booked, POLICY) == due
