"""What follows from each answer of the SMS provider, one row a code."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.messaging.models import Reason, State
from backend.messaging.sms_answers import ACTIONS, HALT_S, Then, judge_sms

WALL = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # one minute to midnight in Shanghai


def error(code: object) -> dict[str, Any]:
    return {"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r-1"}}


def text(code: object, **more: Any) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"Code": code, **more}], "RequestId": "r-1"}}


@pytest.mark.parametrize(
    ("code", "state", "reason", "pause_s", "halt_s"),
    [
        ("FailedOperation.PhoneNumberInBlacklist", State.FAILED, Reason.STOPPED, 0, 0),
        ("FailedOperation.ContainSensitiveWord", State.FAILED, Reason.BLOCKED_CONTENT, 0, 0),
        (
            "FailedOperation.TemplateIncorrectOrUnapproved",
            State.FAILED, Reason.BAD_TEMPLATE, 0, 0,
        ),
        (
            "FailedOperation.SignatureIncorrectOrUnapproved",
            State.FAILED, Reason.BAD_TEMPLATE, 0, 0,
        ),
        ("UnsupportedOperation.UnsupportedRegion", State.FAILED, Reason.BAD_RECIPIENT, 0, 0),
        ("LimitExceeded.PhoneNumberDailyLimit", State.QUEUED, Reason.PHONE_LIMIT, 60, 0),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", State.QUEUED, Reason.RATE, 35, 0),
        ("LimitExceeded.PhoneNumberOneHourLimit", State.QUEUED, Reason.RATE, 3600, 0),
        ("LimitExceeded.AppDailyLimit", State.QUEUED, Reason.QUOTA, 60, 60),
        ("RequestLimitExceeded", State.QUEUED, Reason.RATE, 2, 0),
        ("AuthFailure.SignatureFailure", State.QUEUED, Reason.BAD_TOKEN, HALT_S, HALT_S),
        (
            "UnauthorizedOperation.ServiceSuspendDueToArrears",
            State.QUEUED, Reason.SUSPENDED, HALT_S, HALT_S,
        ),
        (
            "FailedOperation.InsufficientBalanceInSmsPackage",
            State.QUEUED, Reason.SUSPENDED, HALT_S, HALT_S,
        ),
        ("InternalError.Timeout", State.UNKNOWN, Reason.NO_ANSWER, 0, 0),
        ("InternalError.SendAndRecvFail", State.UNKNOWN, Reason.NO_ANSWER, 0, 0),
        ("FailedOperation.InventedTomorrow", State.FAILED, Reason.UNEXPECTED_CODE, 0, 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [error, text], ids=["call", "text"])
def test_each_code_has_its_action_wherever_it_stands(
    form: Any, code: str, state: State, reason: Reason, pause_s: float, halt_s: float
) -> None:
    outcome = judge_sms(form(code), 0, WALL)
    assert (outcome.state, outcome.reason) == (state, reason)
    assert (outcome.pause_s, outcome.halt_s) == (pause_s, halt_s)
    assert (outcome.code, outcome.rid) == (code, "r-1")


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_no_code_is_forgotten_by_what_follows(code: str) -> None:
    outcome = judge_sms(error(code), 0, WALL)
    then = ACTIONS[code][0]
    waits = then in {Then.RETRY, Then.TOMORROW, Then.HALT, Then.HALT_TODAY}
    assert (outcome.state is State.QUEUED) == waits == (outcome.pause_s > 0)
    assert (outcome.halt_s > 0) == (then in {Then.HALT, Then.HALT_TODAY})
    assert (outcome.state is State.UNKNOWN) == (then is Then.IN_DOUBT)


def test_busy_is_given_up_after_three_tries_and_a_rate_never() -> None:
    states = [judge_sms(error("ResourceUnavailable"), tried, WALL).state for tried in range(4)]
    assert states == [State.QUEUED] * 3 + [State.FAILED]
    assert judge_sms(error("RequestLimitExceeded"), 99, WALL).state is State.QUEUED


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"Response": []},
        {"Response": {"RequestId": "r"}},
        {"Response": {"SendStatusSet": []}},
        {"Response": {"SendStatusSet": [{}, {}]}},
        text(None),
        text("失败"),
        text("x" * 200),
        error(12),
    ],
)
def test_what_cannot_be_read_is_in_doubt(answer: Any) -> None:
    outcome = judge_sms(answer, 0, WALL)
    assert (outcome.state, outcome.reason) == (State.UNKNOWN, Reason.UNREADABLE)


def test_what_cannot_wait_for_tomorrow_fails_today_where_the_phone_is_full() -> None:
    full = text("LimitExceeded.PhoneNumberDailyLimit")
    outcome = judge_sms(full, 0, WALL, can_wait=False)
    assert (outcome.state, outcome.reason) == (State.FAILED, Reason.PHONE_LIMIT)
    busy = text("LimitExceeded.PhoneNumberThirtySecondLimit")
    assert judge_sms(busy, 0, WALL, can_wait=False).state is State.QUEUED
