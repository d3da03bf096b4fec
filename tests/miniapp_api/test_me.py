"""What the person who holds the phone sees of themselves."""

from people import Http, a_resident, an_account


def test_numbers_are_masked(http: Http) -> None:
    answer = http("GET", "/resident/me", a_resident())
    assert answer.status_code == 200
    assert answer.json["name"] == "王桂芬"
    assert answer.json["phone"] == "138****0001"
    assert answer.json["id_number"].count("*") == 11


def test_without_a_token_nothing_is_told(http: Http) -> None:
    answer = http("GET", "/resident/me")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "urn:jiayi:problem:unauthenticated"


def test_identity_needs_a_phone_first(http: Http) -> None:
    body = {"name": "王桂芬", "id_number": "11010519491231002X"}
    answer = http("POST", "/resident/me/verification", an_account(), json=body)
    assert (answer.status_code, answer.json["type"]) == (403, "urn:jiayi:problem:phone-needed")


def test_unknown_fields_and_wrong_ones_are_pointed_at(http: Http) -> None:
    answer = http("POST", "/resident/me/consents", an_account(), json={"purpose": "x", "y": 1})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/purpose", "/version", "/y"}


def test_what_is_no_json_is_refused_in_chinese(http: Http) -> None:
    headers = {"Content-Type": "application/json"}
    answer = http("PUT", "/resident/me/phone", an_account(), data="{", headers=headers)
    assert (answer.status_code, answer.json["type"]) == (400, "urn:jiayi:problem:malformed")
    assert "Invalid" not in answer.text
