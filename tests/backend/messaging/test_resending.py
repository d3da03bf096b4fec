"""In doubt: kept as it is, unless its kind may be sent twice and takes no single consent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from message_builders import a_message
from people import by_itself
from sqlalchemy import text

from backend import messaging
from backend.kernel.database import db
from backend.messaging import Consent, InDoubt, MessageKind, State, Step, history, wording
from backend.messaging.wording import Catalogue

KIND = MessageKind.DEMO_NOTICE


def a_catalogue(consent: Consent) -> Catalogue:
    known = wording.catalogue()
    template = replace(known.template["demo"], kind=consent)
    kind = replace(known.kind[KIND], in_doubt=InDoubt.RESEND)
    return Catalogue({**known.template, "demo": template}, {**known.kind, KIND: kind})


@pytest.fixture
def long_term(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region whose notices were agreed to for long."""
    known = a_catalogue(Consent.LONG_TERM)
    monkeypatch.setattr("backend.messaging.resending.catalogue", lambda: known)


def doubtful(minutes: int = 11, **changes: Any) -> messaging.Message:
    message = a_message()
    values = {"state": "unknown", "reason": "no_answer", "attempts": 1, **changes}
    words = ", ".join(f"{name} = :{name}" for name in values)
    told = {**values, "id": message.id, "minutes": minutes}
    db.session.execute(
        text(
            f"UPDATE message SET {words}, next_at = now() - make_interval(mins => :minutes)"
            " WHERE id = :id"
        ),
        told,
    )
    db.session.expire_all()
    return message


@pytest.mark.usefixtures("long_term")
def test_what_may_be_sent_twice_is_sent_once_more(app: Flask) -> None:
    message = doubtful()
    assert messaging.resend_doubtful(by_itself()) == 1
    db.session.expire_all()
    assert (message.state, message.reason) == (State.QUEUED, None)
    assert [line.step for line in history.of(message.id)] == [Step.REPLAYED]


@pytest.mark.usefixtures("long_term")
@pytest.mark.parametrize(
    "facts",
    [
        {"minutes": 9},
        {"attempts": 2},
        {"obsolete": True},
        {"channel": "sms"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"reason": "restored"},
    ],
    ids=str,
)
def test_not_too_soon_not_again_not_what_is_over_and_never_a_text(
    app: Flask, facts: dict[str, Any]
) -> None:
    message = doubtful(**facts)
    assert messaging.resend_doubtful(by_itself()) == 0
    assert message.state is State.UNKNOWN


@pytest.mark.usefixtures("long_term")
def test_what_went_on_to_the_next_channel_is_not_sent_again(app: Flask) -> None:
    message = doubtful()
    text_of_it = a_message()
    text_of_it.channel, text_of_it.first_id = messaging.Channel.SMS, message.id
    text_of_it.created_at = message.created_at + timedelta(minutes=1)
    db.session.flush()
    assert messaging.resend_doubtful(by_itself()) == 0


def test_usually_it_is_kept(app: Flask) -> None:
    message = doubtful()
    assert messaging.resend_doubtful(by_itself()) == 0
    assert message.state is State.UNKNOWN


def test_no_kind_of_a_single_consent_can_say_so() -> None:
    with pytest.raises(ValueError, match="one push is agreed to"):
        a_catalogue(Consent.ONE_TIME)
