"""What follows from each answer of WeChat (wechat-protocol §3.2), one row a code."""

from datetime import UTC, datetime

import pytest

from backend.messaging import Reason, State, judge
from backend.messaging.answers import BUSY_PAUSES_S, read

WALL = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # one minute to midnight in Shanghai


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (0, State.SENT, None),
        ("0", State.SENT, None),
        (43101, State.FAILED, Reason.NO_CREDIT),
        (40003, State.FAILED, Reason.BAD_RECIPIENT),
        (40037, State.FAILED, Reason.BAD_TEMPLATE),
        (41030, State.FAILED, Reason.BAD_PAGE),
        (47003, State.FAILED, Reason.BAD_CONTENT),
        (45168, State.FAILED, Reason.BLOCKED_CONTENT),
        (40249, State.FAILED, Reason.BLOCKED_CONTENT),
        (43108, State.QUEUED, Reason.CONCURRENT),
        (45011, State.QUEUED, Reason.RATE),
        (45009, State.QUEUED, Reason.QUOTA),
        (43107, State.QUEUED, Reason.SUSPENDED),
        (48004, State.QUEUED, Reason.SUSPENDED),
        (50004, State.QUEUED, Reason.SUSPENDED),
        (40001, State.QUEUED, Reason.BAD_TOKEN),
        (40014, State.QUEUED, Reason.BAD_TOKEN),
        (42001, State.QUEUED, Reason.BAD_TOKEN),
        (41001, State.FAILED, Reason.DEFECT),
        (99999, State.FAILED, Reason.UNEXPECTED_CODE),
        (10**30, State.UNKNOWN, Reason.UNREADABLE),
        ("x", State.UNKNOWN, Reason.UNREADABLE),
    ],
)
def test_each_code_has_its_action(code: object, state: State, reason: Reason | None) -> None:
    outcome = judge({"errcode": code, "errmsg": "m"}, 0, WALL)
    assert (outcome.state, outcome.reason) == (state, reason)


def test_a_success_may_omit_its_code_and_carry_a_message_id() -> None:
    assert judge({"msgid": 1864323726461255680}, 0, WALL).msgid == 1864323726461255680


def test_busy_is_tried_again_three_times_and_then_given_up() -> None:
    outcomes = [judge({"errcode": -1}, before, WALL) for before in range(4)]
    assert [one.pause_s for one in outcomes] == [*BUSY_PAUSES_S, 0.0]
    assert (outcomes[3].state, outcomes[3].reason) == (State.FAILED, Reason.BUSY)


def test_a_full_day_stops_everything_until_midnight_in_shanghai() -> None:
    outcome = judge({"errcode": 45009}, 0, WALL)
    assert (outcome.pause_s, outcome.halt_s, outcome.counted) == (60.0, 60.0, False)


@pytest.mark.parametrize(
    ("errmsg", "rid"),
    [
        ("refused rid: 6581a0c3-55f6d8a2-1b2c", "6581a0c3-55f6d8a2-1b2c"),
        ("refused hints: [ req_id: AbC_1-2 ]", "AbC_1-2"),
        ("refused\x00", None),
        (None, None),
    ],
)
def test_the_request_id_is_kept(errmsg: object, rid: str | None) -> None:
    assert judge({"errcode": 40037, "errmsg": errmsg}, 0, WALL).rid == rid


@pytest.mark.parametrize(
    ("errmsg", "field"),
    [
        ("argument invalid! data.thing1.value is empty rid: 6-5-1", "thing1"),
        ("argument invalid! data.character_string02.value invalid", "character_string02"),
        ("argument invalid!", None),
        (None, None),
    ],
)
def test_the_field_that_does_not_fit_is_named(errmsg: object, field: str | None) -> None:
    assert judge({"errcode": 47003, "errmsg": errmsg}, 0, WALL).field == field


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"errcode":0}', {"errcode": 0}),
        (b'{"errcode":0,"errmsg":"o\xffk\x01"}', {"errcode": 0, "errmsg": "ok\x01"}),
        (b'{"errcode":', None),
        (b"<html>", None),
        (b"[]", None),
    ],
)
def test_answers_are_read_leniently(body: bytes, answer: object) -> None:
    assert read(body) == answer


def test_what_an_operator_must_see_is_alarming() -> None:
    alarming = [
        code
        for code in (0, 43101, -1, 45011, 40037, 99999)
        if judge({"errcode": code}, 0, WALL).alarming
    ]
    assert alarming == [40037, 99999]
