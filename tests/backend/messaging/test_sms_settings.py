"""The SMS provider's settings: all of them or none, and what is wrong is named."""

import pytest
from sms_simulators import account

from config.sms_settings import IncompleteSms, SmsSettings


def test_without_any_of_them_no_sms_is_offered() -> None:
    assert SmsSettings.from_env({}) is None
    assert SmsSettings.from_env(dict.fromkeys(account(), "")) is None


def test_with_all_of_them_it_is() -> None:
    found = SmsSettings.from_env(account())
    assert found is not None
    assert (found.sign, found.region) == ("家医示例", "ap-guangzhou")


@pytest.mark.parametrize("name", sorted(account().keys() - {"SMS_BASE_URL"}))
def test_a_missing_one_is_named(name: str) -> None:
    with pytest.raises(IncompleteSms, match=name):
        SmsSettings.from_env(account() | {name: ""})


def test_a_secret_that_can_be_guessed_and_a_server_in_the_clear_are_refused() -> None:
    with pytest.raises(IncompleteSms, match="24"):
        SmsSettings.from_env(account() | {"SMS_CALLBACK_SECRET": "short"})
    with pytest.raises(IncompleteSms, match="letters"):
        SmsSettings.from_env(
            account() | {"SMS_CALLBACK_SECRET": "a/secret with more than one part"}
        )
    with pytest.raises(IncompleteSms, match="https"):
        SmsSettings.from_env(account("http://sms.example"), is_production=True)
