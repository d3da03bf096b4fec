"""visitor → phone → verified: each refusal says which level is needed, and why."""

import pytest
from contract_builders import a_team
from flask import Flask
from people import Http, an_account
from visitors import kind

# Of the account, whoever holds it; the rest is about a person, who must be known.
OF_THE_ACCOUNT = ("/api/v1/resident/me", "/api/v1/resident/subscriptions")
PUBLIC = "/api/v1/resident/formulary"  # the drugs that the region may prescribe concern nobody
NIL = "00000000-0000-7000-8000-000000000000"


def about_people(app: Flask) -> list[tuple[str, str]]:
    return sorted(
        (method, app.url_map.bind("").build(rule.endpoint, dict.fromkeys(rule.arguments, NIL)))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/resident/") and not rule.rule.startswith(OF_THE_ACCOUNT)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@pytest.mark.parametrize("phone", [None, "13805721234"])
def test_whoever_is_not_verified_is_told_so_on_every_route(
    app: Flask, http: Http, phone: str | None
) -> None:
    account = an_account()
    account.phone = phone
    routes = [(method, path) for method, path in about_people(app) if path != PUBLIC]
    assert len(routes) >= 20
    asked = {"team_id": str(a_team().id), "months": "12"}
    for method, path in routes:
        query = asked if path.endswith("/draft") else {}
        at = path.removeprefix("/api/v1")
        answer = http(method, at, account, json={}, query_string=query)
        assert kind(answer) == (403, "identity-needed"), (method, path)
        assert answer.json["needed_level"] == "verified", (method, path)
        assert "实名认证" in answer.json["title"]


def test_a_visitor_needs_a_phone_for_the_verification(http: Http) -> None:
    body = {"name": "王桂芬", "id_number": "11010519491231002X"}
    answer = http("POST", "/resident/me/verification", an_account(), json=body)
    assert kind(answer) == (403, "phone-needed")
    assert answer.json["needed_level"] == "phone"


def test_who_has_a_phone_needs_the_consent_which_is_no_level(http: Http) -> None:
    account = an_account()
    account.phone = "13805721234"
    body = {"name": "王桂芬", "id_number": "11010519491231002X"}
    answer = http("POST", "/resident/me/verification", account, json=body)
    assert kind(answer) == (403, "consent-needed")
    assert "needed_level" not in answer.json


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/accounts"), ("POST", f"/accounts/{NIL}/objection")]
)
def test_ones_accounts_are_those_of_a_verified_person(http: Http, method: str, path: str) -> None:
    answer = http(method, f"/resident/me{path}", an_account())
    assert kind(answer) == (403, "identity-needed")
