"""Too often is refused with words and a time; neighbours behind one address are not."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import environment
from family_builders import a_relative
from flask import Flask
from people import Http, a_member_of_staff, a_resident

from backend.kernel.context import NOBODY, Role, Scope
from backend.kernel.limits import Counted, Figures, Limiter, LimitReached, Pace
from backend.kernel.regions import Region
from backend.kernel.tallies import Allowance, Counter, Shared, counters
from config.settings import Settings, SettingsError
from miniapp_api.addresses import address_of

Limits = dict[tuple[Pace, Counted], Counter]
HERE = environment("postgresql://nobody@127.0.0.1:9/none", Path("/nowhere"))


@pytest.fixture
def limited(app: Flask) -> Iterator[Limits]:
    """The figures of config, an account's reads and writes made few, counted in this process."""
    before, region = app.extensions["limiter"], app.extensions["region"]
    allowances = Figures.load(region).named(1)
    for pace in (Pace.READ, Pace.WRITE):
        key = (pace, Counted.ACCOUNT)
        allowances[key] = replace(allowances[key], count=5)
    found = counters(Shared(None, str), allowances, 1.0)
    app.extensions["limiter"] = Limiter(found)
    yield found
    app.extensions["limiter"] = before


def test_an_account_that_asks_too_often_is_told_when_to_come_back(
    limited: Limits, http: Http
) -> None:
    resident, other = a_resident(), a_resident("陈新")
    assert [http("GET", "/resident/me", resident).status_code for _ in range(5)] == [200] * 5
    refused = http("GET", "/resident/me", resident)
    assert (refused.status_code, refused.json["type"]) == (429, "urn:jiayi:problem:too-many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 120
    assert "再试" in refused.json["detail"]
    assert http("GET", "/resident/me", other).status_code == 200


def test_reads_and_writes_are_counted_apart(limited: Limits, http: Http) -> None:
    resident = a_resident()
    for _ in range(6):
        http("GET", "/resident/me", resident)
    assert http("PUT", "/resident/me/phone", resident, json={"code": ""}).status_code == 422


def test_three_hundred_phones_of_one_centre_at_eight_o_clock(limited: Limits, http: Http) -> None:
    """Each opens the mini-program, which asks ten things, and their tokens had expired."""
    at = "192.0.2.1"
    for _ in range(300):
        for _ in range(10):
            assert limited[Pace.READ, Counted.ADDRESS].spend(at) == 0
        assert limited[Pace.READ, Counted.FAILURES].spend(at) == 0
        assert limited[Pace.REFRESH, Counted.FAILURES].spend(at) == 0
        assert limited[Pace.LOGIN, Counted.ADDRESS].spend(at) == 0


def test_failed_log_ins_of_one_address_are_few(limited: Limits, app: Flask) -> None:
    client = app.test_client()
    stranger = {"environ_base": {"REMOTE_ADDR": "192.0.2.9"}}
    log_in = lambda **options: client.post(  # noqa: E731
        "/api/v1/open/resident-sessions", json={"code": ""}, **options
    )
    assert {log_in(**stranger).status_code for _ in range(300)} == {422}
    refused = log_in(**stranger)
    assert refused.status_code == 429
    assert log_in(environ_base={"REMOTE_ADDR": "192.0.2.10"}).status_code == 422
    assert client.get("/api/v1/open/institutions", **stranger).status_code == 200


def test_a_stranger_cannot_put_the_blame_on_another_address(limited: Limits, app: Flask) -> None:
    client = app.test_client()
    for number in range(301):
        answer = client.post(
            "/api/v1/open/resident-sessions",
            json={"code": ""},
            headers={"X-Forwarded-For": f"198.51.{number >> 8}.{number & 255}"},
        )
    assert answer.status_code == 429


@pytest.mark.parametrize(("method", "path"), [
    ("POST", ""), ("GET", f"/{NOBODY}/content"), ("GET", f"/{NOBODY}/document"),
])  # fmt: skip
def test_copies_of_everything_are_few(limited: Limits, http: Http, method: str, path: str) -> None:
    resident = a_resident()
    for _ in range(10):
        assert http("GET", f"/resident/me/exports/{NOBODY}/content", resident).status_code == 404
    assert http(method, f"/resident/me/exports{path}", resident).status_code == 429


def few(limited: Limits, pace: Pace, who: Counted, count: int) -> None:
    limited[pace, who]._whole = limited[pace, who]._alone = Allowance(count, 60)


def test_a_relative_does_not_use_up_the_persons_own_share(limited: Limits, http: Http) -> None:
    her = a_resident()
    son = a_relative(her, *Scope)
    few(limited, Pace.WRITE, Counted.PERSON, 3)
    ask = partial(http, "POST", "/resident/bookings", on_behalf_of=her, json={})
    assert [ask(son).status_code for _ in range(4)] == [422] * 3 + [429]
    assert ask(her).status_code == 422


def test_a_colleague_who_mistypes_costs_the_house_nothing(limited: Limits, http: Http) -> None:
    few(limited, Pace.PASSWORD, Counted.FAILURES, 2)
    clumsy, other = a_member_of_staff(Role.NURSE), a_member_of_staff(Role.NURSE)
    step_up = partial(http, "POST", "/staff/me/step-up", json={"code": "000000"})
    assert [step_up(clumsy).status_code for _ in range(3)] == [403, 403, 429]
    assert step_up(other).status_code == 403


def test_vitals_are_never_limited(limited: Limits, app: Flask) -> None:
    limited[Pace.READ, Counted.ADDRESS]._whole = replace(
        limited[Pace.READ, Counted.ADDRESS]._whole, count=1
    )
    limited[Pace.READ, Counted.ADDRESS]._alone = replace(
        limited[Pace.READ, Counted.ADDRESS]._alone, count=1
    )
    client = app.test_client()
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}
    assert [client.get("/openapi.json").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("peer", "said", "found"), [
    ("192.0.2.1", "", "192.0.2.1"),
    ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # nobody we trust says so
    ("10.0.0.5", "198.51.100.7", "198.51.100.7"),
    ("10.0.0.5", "203.0.113.1, 198.51.100.7", "198.51.100.7"),  # the first was written by him
    ("10.0.0.5", "198.51.100.7, 10.0.0.9", "198.51.100.7"),
    ("10.0.0.5", "10.0.0.8, 10.0.0.9", "10.0.0.8"),
    ("10.0.0.5", "198.51.100.7, nonsense", "10.0.0.5"),
    ("10.0.0.5", "", "10.0.0.5"),
    ("10.0.0.5", ",,,", "10.0.0.5"),
    ("10.0.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ("::ffff:10.0.0.5", "::ffff:198.51.100.7", "198.51.100.7"),
    ("", "198.51.100.7", "unknown"),
    ("/run/socket", "198.51.100.7", "unknown"),
])  # fmt: skip
def test_whose_address_it_is(peer: str, said: str, found: str) -> None:
    trusted = Settings.from_env(HERE | {"TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    assert address_of(trusted, peer, said) == found


@pytest.mark.parametrize("told", [
    {"LIMITS": "0"}, {"LIMITS": "-1"}, {"LIMITS": "inf"}, {"LIMITS": "nan"}, {"LIMITS": "many"},
    {"LIMITS": "off", "ENV": "production"}, {"LIMITS": "1000", "ENV": "production"},
    {"TRUSTED_PROXIES": "everybody"}, {"TRUSTED_PROXIES": "10.0.0.1/8"}, {"HSTS_SECONDS": "-1"},
    {"SHARED_ANSWERS_S": "1.5"}, {"SHARED_ANSWERS_S": "soon"},
])  # fmt: skip
def test_settings_that_protect_nobody_are_refused(told: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.from_env(HERE | told)


def test_limits_can_be_off_outside_production() -> None:
    known = Settings.from_env(HERE | {"LIMITS": "off"})
    region: Any = Region.load("huzhou")
    off = Limiter.of(region, None, None, known.limits_factor)  # type: ignore[arg-type]
    for _ in range(2000):
        off.spend(Pace.LOGIN, Counted.ADDRESS, "192.0.2.1")


def test_a_region_replaces_a_class_by_its_own() -> None:
    own = {"class": {"login": {"address": {"count": 7, "seconds": 60}}}}
    region = replace(Region.load("huzhou"), tables={"limits": own})
    found = Figures.load(region)
    assert found.classes["login"].address is not None
    assert (found.classes["login"].address.count, found.classes["login"].failures) == (7, None)
    assert found.classes["read"] == Figures.load(Region.load("huzhou")).classes["read"]


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 秒"), (90, "90 秒"), (91, "2 分钟")])
def test_the_wait_is_said_in_words(seconds: int, words: str) -> None:
    assert words in LimitReached(seconds).detail
