"""An oracle of names: five wrong answers a day for an account, ten about a number."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from people import Http, an_id_number
from races import race
from simulators import Simulator
from sqlalchemy import select, text

from backend import identity
from backend.identity import attempts
from backend.identity.models import Account
from backend.kernel import cache
from backend.kernel.database import db, held
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

NAME = "王桂芬"


class Guesser:
    """Somebody with a phone who tries names."""

    def __init__(self, http: Http, wechat: Simulator, openid: str) -> None:
        self.http, self.wechat, self.openid = http, wechat, wechat.user(openid, phone="13805721234")
        self.ready()

    def ask(self, method: str, path: str, told: Any) -> Any:
        return self.http(method, f"/resident/me{path}", json=told, headers=dict(self.bearer))

    def ready(self) -> None:
        code = {"code": self.wechat.code(self.openid)}
        token = self.http("POST", "/open/resident-sessions", json=code).json["access_token"]
        self.bearer = {"Authorization": f"Bearer {token}"}
        self.ask("PUT", "/phone", {"code": self.wechat.code(self.openid, "phone-codes")})
        version = self.http("GET", "/open/consent-texts/health-data").json["version"]
        self.ask("POST", "/consents", {"purpose": "health_data", "version": version})

    def guess(self, name: str, number: str) -> tuple[int, str]:
        answer = self.ask("POST", "/verification", {"name": name, "id_number": number})
        return answer.status_code, (answer.json.get("type") or "").rpartition(":")[2]


@pytest.fixture
def number(wechat: Simulator) -> str:
    made = an_id_number()
    wechat.control("POST", "people", [{"name": NAME, "id_number": made}])
    return made


MISMATCH, TOO_MANY = (409, "identity-mismatch"), (429, "too-many-attempts")


def test_the_sixth_answer_is_not_given_though_it_be_right(
    http: Http, wechat: Simulator, number: str
) -> None:
    guesser = Guesser(http, wechat, "guesser-1")
    assert [guesser.guess("李桂芬", number) for _ in range(5)] == [MISMATCH] * 5
    assert guesser.guess(NAME, number) == TOO_MANY
    assert guesser.guess(NAME, an_id_number()) == TOO_MANY


def test_ten_wrong_answers_about_one_number_whoever_asks(
    http: Http, wechat: Simulator, number: str
) -> None:
    guessers = [Guesser(http, wechat, f"guesser-{n}") for n in range(3)]
    for guesser in guessers[:2]:
        assert [guesser.guess("李桂芬", number) for _ in range(5)] == [MISMATCH] * 5
    assert guessers[2].guess("李桂芬", number) == TOO_MANY
    assert guessers[2].guess("李桂芬", an_id_number()) == MISMATCH


def test_the_next_day_it_is_told_again(http: Http, wechat: Simulator, number: str) -> None:
    guesser = Guesser(http, wechat, "guesser-1")
    for _ in range(5):
        db.session.execute(
            text(
                "INSERT INTO verification_failure SELECT gen_random_uuid(), id, 'number',"
                " now() - interval '1 day' FROM account WHERE openid = 'guesser-1'"
            )
        )
    assert guesser.guess(NAME, number)[0] == 200
    assert identity.forget_attempts() == 5


def test_a_flushed_cache_gives_no_more_answers(
    app: Flask, http: Http, wechat: Simulator, number: str
) -> None:
    guesser = Guesser(http, wechat, "guesser-1")
    for _ in range(5):
        guesser.guess("李桂芬", number)
    client = app.extensions["cache"]
    if client:
        for key in client.scan_iter("limit:*"):
            cache.drop(key.decode())
    assert guesser.guess(NAME, number) == TOO_MANY


def told_wrong(account_id: UUID, number: bytes, is_guarded: bool) -> str:
    """What is told after the provider said no; without the guard each judges alone."""
    try:
        with transaction():
            if is_guarded:
                held(select(Account).where(Account.id == account_id))
                attempts.wait_for_turn(number)
            attempts.require_left(account_id, number)
            db.session.execute(text("SELECT pg_sleep(0.05)"))
            attempts.note(account_id, number)
    except Refusal as refusal:
        return refusal.code
    return "told"


@pytest.fixture
def account(own_database: str) -> UUID:
    made = new_id()
    with psycopg.connect(own_database, autocommit=True) as link:
        link.execute(
            "INSERT INTO account (id, openid, created_at) VALUES (%s, %s, now())", [made, "o1"]
        )
    return made


@pytest.mark.parametrize("is_guarded", [True, False])
def test_eight_guesses_at_once(own_database: str, account: UUID, is_guarded: bool) -> None:
    """The control: without the locks more than five are told."""
    told = race(own_database, told_wrong, [(account, b"number", is_guarded)] * 8)
    assert (told.count("told") == 5) is is_guarded
