"""Texts on their way: a lane of their own, a provider with faults, receipts that settle."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from people import by_itself
from processes import eventually
from sending import Outside
from sms_builders import a_text, somebody
from sms_simulators import CALLBACK_SECRET, SmsSimulator

from backend import messaging
from backend.kernel.transaction import transaction
from backend.messaging import MessageKind
from jobs import sms as jobs

FINAL = {"sent", "unknown", "failed", "withdrawn"}


@pytest.fixture(scope="module")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmsSimulator]:
    process = SmsSimulator(tmp_path_factory.mktemp("sms") / "texts.jsonl")
    yield process
    process.stop()


@pytest.fixture
def provider(_provider: SmsSimulator) -> SmsSimulator:
    _provider.control("POST", "reset")
    return _provider


def queue_texts(world: Outside, many: int) -> list[str]:
    """So many people, each with a text that may go at any hour; their phones."""
    phones = [f"139000100{number:02}" for number in range(many)]
    with world.app.app_context(), transaction():
        for phone in phones:
            kind, values = MessageKind.EMERGENCY_ACCESS, {"whose": messaging.OWN_RECORD}
            a_text(somebody(phone), kind, values=values)
    return [f"+86{phone}" for phone in phones]


def texts(world: Outside) -> list[Any]:
    words = "SELECT state, reason, serial_no, sms_dispatch.code FROM message"
    words += " LEFT JOIN sms_dispatch ON message_id = message.id WHERE channel = 'sms'"
    return world.sql(f"{words} ORDER BY message.id")


def settled(world: Outside) -> bool:
    return eventually(lambda: {row[0] for row in texts(world)} <= FINAL, 20)


def told(world: Outside, provider: SmsSimulator, status: str = "SUCCESS") -> None:
    """The provider's receipts for everything delivered, applied by the jobs."""
    some = [
        {"mobile": one["phone"][3:], "sid": one["sid"], "report_status": status}
        for one in provider.texts()
    ]
    with world.app.app_context():
        with transaction():
            messaging.hear_receipts(by_itself(), CALLBACK_SECRET, json.dumps(some).encode())
        jobs.apply_heard()


def test_each_phone_gets_its_text_once_and_we_know_its_serial_number(
    world: Outside, provider: SmsSimulator
) -> None:
    phones = queue_texts(world, 12)
    world.start(**provider.environment())
    world.start(**provider.environment())
    assert settled(world)
    world.pause()
    assert sorted(one["phone"] for one in provider.texts()) == phones
    assert {row[2] for row in texts(world)} == {one["sid"] for one in provider.texts()}
    assert {(row[0], row[3]) for row in texts(world)} == {("sent", "Ok")}


def test_a_text_in_doubt_is_not_sent_again_and_its_receipt_settles_it(
    world: Outside, provider: SmsSimulator
) -> None:
    queue_texts(world, 3)
    provider.fault("cut_after_delivery", times=2)
    world.start(**provider.environment())
    assert settled(world)
    world.pause()
    assert sorted(row[0] for row in texts(world)) == ["sent", "unknown", "unknown"]
    assert len(provider.texts()) == 3
    told(world, provider)
    assert {row[0] for row in texts(world)} == {"sent"}


def test_a_provider_that_refuses_us_loses_nothing_and_holds_nothing_else_up(
    world: Outside, provider: SmsSimulator
) -> None:
    queue_texts(world, 2)
    pushes = world.burst(3)
    world.start(**provider.environment() | {"SMS_SECRET_KEY": "another"})
    assert eventually(lambda: len(world.simulator.messages()) == len(pushes), 20)
    assert eventually(lambda: "AuthFailure.SignatureFailure" in codes(provider), 10)
    world.pause()
    assert provider.texts() == []
    assert {row[0] for row in texts(world)} == {"queued"}


def codes(provider: SmsSimulator) -> dict[str, int]:
    return dict(provider.control("GET", "stats")["codes"])


def test_a_number_that_does_not_exist_is_told_and_left_alone(
    world: Outside, provider: SmsSimulator
) -> None:
    queue_texts(world, 1)
    world.start(**provider.environment())
    assert settled(world)
    told(world, provider, "FAIL")
    assert [row[:2] for row in texts(world)] == [("failed", "not_delivered")]
    [(failures,)] = world.sql("SELECT failures FROM phone_standing")
    assert failures == 1


def test_without_a_provider_no_text_is_claimed(world: Outside, tmp_path: Path) -> None:
    queue_texts(world, 1)
    pushes = world.burst(1)
    nothing = dict.fromkeys(SmsSimulator.NAMES, "")
    world.start(**nothing)
    assert eventually(lambda: len(world.simulator.messages()) == len(pushes), 20)
    world.pause()
    assert [row[0] for row in texts(world)] == ["queued"]
