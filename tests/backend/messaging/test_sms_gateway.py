"""SendSms as a simulator with code of its own understands it, and what becomes of each answer."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sms_simulators import SIGN, SmsSimulator

from backend.kernel.ids import new_id
from backend.messaging import sms_gateway
from backend.messaging.answers import Outcome
from backend.messaging.gateway import NoAnswer, NotReached
from backend.messaging.models import Reason, State
from backend.messaging.sms_gateway import Sms, SmsPush

PHONE = "+8613900001111"


@pytest.fixture(scope="module")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmsSimulator]:
    process = SmsSimulator(tmp_path_factory.mktemp("sms") / "texts.jsonl")
    yield process
    process.stop()


@pytest.fixture
def sim(_process: SmsSimulator) -> SmsSimulator:
    _process.control("POST", "reset")
    return _process


def visit(phone: str = PHONE, **changes: Any) -> Sms:
    return replace(Sms(new_id(), phone, "2000002", ("12月1日", "09:00")), **changes)


def carry(
    sim: SmsSimulator, *texts: Sms, ago: timedelta = timedelta(), **changes: str
) -> list[Outcome | BaseException]:
    async def all_of_them() -> list[Outcome | BaseException]:
        wall = datetime.fromtimestamp(time.time(), UTC) - ago
        async with SmsPush(sim.settings(**changes), 8) as push:
            calls = [push.carry(text, 0, wall) for text in texts]
            return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(all_of_them())


def only(sim: SmsSimulator, text: Sms, **more: Any) -> Outcome:
    [outcome] = carry(sim, text, **more)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def test_a_text_arrives_once_with_its_words_and_is_known_by_its_serial_number(
    sim: SmsSimulator,
) -> None:
    text = visit()
    outcome = only(sim, text)
    [line] = sim.texts()
    assert line["text"] == (
        f"【{SIGN}】您有一个预约：12月1日，09:00开始。回1确认，回2来不了，回T退订"
    )
    assert (line["phone"], line["session"]) == (PHONE, str(text.id))
    assert outcome == Outcome(State.SENT, counted=True, rid=line["sid"], code="Ok")
    assert not outcome.alarming


@pytest.mark.parametrize(
    ("changes", "ago", "code"),
    [
        ({"SMS_SECRET_KEY": "another"}, 0, "AuthFailure.SignatureFailure"),
        ({"SMS_SECRET_ID": "another"}, 0, "AuthFailure.SecretIdNotFound"),
        ({}, 301, "AuthFailure.SignatureExpire"),
    ],
)
def test_a_call_that_is_not_signed_as_it_should_stops_the_channel_and_is_told(
    sim: SmsSimulator, changes: dict[str, str], ago: int, code: str
) -> None:
    outcome = only(sim, visit(), ago=timedelta(seconds=ago), **changes)
    assert (outcome.state, outcome.code, outcome.alarming) == (State.QUEUED, code, True)
    assert outcome.halt_s > 0
    assert sim.texts() == []


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        ({"phone": "+8612"}, Reason.BAD_RECIPIENT, "InvalidParameterValue.IncorrectPhoneNumber"),
        ({"template_id": "9"}, Reason.BAD_TEMPLATE, "FailedOperation.TemplateUnapprovedOrNotExist"),
        (
            {"params": ("12月1日",)},
            Reason.BAD_TEMPLATE,
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        (
            {"params": ("12月1日", "上午九点三十分")},
            Reason.BAD_CONTENT,
            "InvalidParameterValue.TemplateParameterLengthLimit",
        ),
    ],
)
def test_what_the_provider_will_never_take_fails_and_is_told(
    sim: SmsSimulator, text: dict[str, Any], reason: Reason, code: str
) -> None:
    outcome = only(sim, visit(**text))
    assert (outcome.state, outcome.reason, outcome.code) == (State.FAILED, reason, code)
    assert outcome.alarming
    assert outcome.rid


def test_a_number_s_day_is_full_and_a_number_that_refuses_is_left_in_peace(
    sim: SmsSimulator,
) -> None:
    sim.control("POST", "limits", {"daily": 1})
    sim.control("POST", "phones", {"phone": "+8613900002222", "state": "refuses"})
    first = only(sim, visit())
    second, refusing = carry(sim, visit(), visit("+8613900002222"))
    assert isinstance(second, Outcome)
    assert isinstance(refusing, Outcome)
    assert first.state is State.SENT
    assert (second.state, second.reason) == (State.QUEUED, Reason.PHONE_LIMIT)
    assert 0 < second.pause_s <= 86400
    assert second.halt_s == 0
    assert (refusing.state, refusing.reason) == (State.FAILED, Reason.STOPPED)
    assert not second.alarming
    assert not refusing.alarming


@pytest.mark.parametrize("kind", ["truncated", "http500"])
def test_what_cannot_be_read_is_in_doubt(sim: SmsSimulator, kind: str) -> None:
    sim.fault(kind)
    outcome = only(sim, visit())
    assert (outcome.state, outcome.reason) == (State.UNKNOWN, Reason.UNREADABLE)


def test_no_answer_is_in_doubt_and_nobody_there_is_not(
    sim: SmsSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_gateway, "ANSWER_S", 0.3)
    sim.fault("cut_after_delivery")
    sim.fault("timeout_after_delivery", seconds=1.0)
    outcomes = carry(sim, visit(), visit())
    assert [type(outcome) for outcome in outcomes] == [NoAnswer, NoAnswer]
    assert len(sim.texts()) == 2
    [nobody] = carry(sim, visit(), SMS_BASE_URL="http://127.0.0.1:9")
    assert isinstance(nobody, NotReached)


def test_neither_number_nor_key_shows_where_a_text_or_a_gateway_is_printed(
    sim: SmsSimulator,
) -> None:
    printed = f"{visit()!r} {sim.settings()!r}"
    assert "1390000" not in printed
    assert "a-secret-key" not in printed
