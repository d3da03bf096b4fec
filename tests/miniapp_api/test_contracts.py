"""签约 over HTTP, as both sides see it."""

import hashlib
from typing import Any

import pytest
from contract_builders import (
    a_centre,
    a_contract,
    a_team,
    an_application,
    lead_of,
    nurse_of,
    resident_of,
    team_of,
)
from flask import Flask
from people import Http, a_member_of_staff, a_resident, an_account
from sqlalchemy import select

from backend import teams
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure


def problem(answer: Any) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["type"].removeprefix("urn:jiayi:problem:")


def test_a_contract_from_the_first_tap_to_the_last(http: Http) -> None:
    team, person = a_team(), a_resident()
    wanted = {"team_id": str(team.id), "months": 12}
    draft = http("GET", f"/resident/contracts/draft?team_id={team.id}&months=12", person)
    assert draft.status_code == 200
    made = http("POST", "/resident/contracts", person, json=wanted)
    assert (made.status_code, made.json["state"]) == (201, "applied")
    path = f"/resident/contracts/{made.json['id']}"

    accepted = http("POST", f"/doctor/contracts/{made.json['id']}/acceptance", lead_of(team))
    assert (accepted.status_code, accepted.json["state"]) == (200, "accepted")
    assert accepted.json["resident_name"] == person.name

    text = http("GET", path, person).json["agreement"]
    assert text == draft.json
    assert hashlib.sha256(text["text"].encode()).hexdigest() == text["sha256"]
    read = {"version": text["version"], "sha256": text["sha256"]}
    active = http("POST", f"{path}/confirmation", person, json=read)
    assert (active.status_code, active.json["state"]) == (200, "active")
    assert (active.json["starts_on"], active.json["ends_on"]) == ("2026-11-23", "2027-11-22")
    assert active.json["acts"] == ["terminate", "dispute"]
    assert active.json["doctor"]["name"] == lead_of(team).name
    assert None not in [active.json[f"{done}_at"] for done in ("applied", "answered", "confirmed")]

    again = http(
        "POST", "/resident/contracts", person, json={**wanted, "team_id": str(a_team().id)}
    )
    assert problem(again) == (409, "already-signed")
    assert team.name in again.json["detail"]

    ended = http("POST", f"{path}/termination", person, json={"reason": "moved"})
    assert (ended.json["state"], ended.json["end_reason"]) == ("ended", "moved")
    assert ended.json["agreement"]["sha256"] == text["sha256"]
    listed = http("GET", "/resident/contracts", person).json["items"]
    assert [row["state"] for row in listed] == ["ended"]


def test_the_same_key_applies_once(http: Http) -> None:
    team, person = a_team(), a_resident()
    body, key = {"team_id": str(team.id), "months": 12}, {"Idempotency-Key": "apply-0001"}
    answers = [
        http("POST", "/resident/contracts", person, json=body, headers=dict(key)) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data


def test_refusals_are_problems_and_change_nothing(http: Http) -> None:
    contract = an_application()
    person, stranger = resident_of(contract), a_resident("张三")
    lead, other = lead_of(team_of(contract)), lead_of(a_team())
    nurse = nurse_of(team_of(contract))
    path, work = f"/resident/contracts/{contract.id}", f"/doctor/contracts/{contract.id}"
    read = {"version": "2026-11", "sha256": "0" * 64}
    refused: list[tuple[Any, ...]] = [
        ("GET", path, stranger, None, 404, "not-found"),
        ("POST", f"{path}/withdrawal", stranger, None, 404, "not-found"),
        ("POST", f"{path}/dispute", stranger, None, 404, "not-found"),
        ("POST", f"{path}/confirmation", person, read, 409, "illegal-move"),
        ("POST", f"{path}/confirmation", person, {**read, "sha256": "x" * 64}, 422, "invalid"),
        ("POST", f"{path}/termination", person, {"reason": "moved"}, 409, "illegal-move"),
        ("POST", f"{path}/dispute", person, None, 409, "illegal-move"),
        ("GET", work, other, None, 404, "not-found"),
        ("POST", f"{work}/acceptance", other, None, 404, "not-found"),
        ("POST", f"{work}/acceptance", nurse, None, 403, "forbidden"),
        ("POST", f"{work}/refusal", lead, {}, 422, "invalid"),
        ("GET", "/resident/contracts", an_account(), None, 403, "identity-needed"),
    ]
    for method, where, who, body, status, code in refused:
        assert problem(http(method, where, who, json=body)) == (status, code), where
    assert http("GET", path, person).json["state"] == "applied"


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"months": 13}, 422, "term-not-offered", "/months"),
        ({"months": "x"}, 422, "invalid", "/months"),
        ({"months": 12, "extra": 1}, 422, "invalid", "/extra"),
    ],
)
def test_what_cannot_be_applied_for(
    http: Http, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = http(
        "POST", "/resident/contracts", a_resident(), json={"team_id": str(a_team().id), **body}
    )
    assert problem(answer) == (status, code)
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_changed_text_must_be_read_again(http: Http) -> None:
    contract = an_application()
    person, team = resident_of(contract), team_of(contract)
    path = f"/resident/contracts/{contract.id}"
    http("POST", f"/doctor/contracts/{contract.id}/acceptance", lead_of(team))
    text = http("GET", path, person).json["agreement"]
    db.session.get_one(teams.Team, team.id).name = "改名的团队"
    body = {"version": text["version"], "sha256": text["sha256"]}
    answer = http("POST", f"{path}/confirmation", person, json=body)
    assert problem(answer) == (409, "agreement-changed")


def test_a_team_declines_with_a_reason_that_the_resident_reads(http: Http) -> None:
    contract = an_application()
    why = {"because": "我们团队本月人手不足，建议联系隔壁团队。"}
    answer = http(
        "POST", f"/doctor/contracts/{contract.id}/refusal", lead_of(team_of(contract)), json=why
    )
    assert (answer.json["state"], answer.json["resident_name"]) == ("declined", None)
    mine = http("GET", f"/resident/contracts/{contract.id}", resident_of(contract)).json
    assert (mine["declined_because"], mine["acts"]) == (why["because"], [])


def test_this_was_not_me(http: Http) -> None:
    contract = a_contract()
    answer = http("POST", f"/resident/contracts/{contract.id}/dispute", resident_of(contract))
    assert (answer.status_code, answer.json["end_reason"]) == (200, "disputed")
    assert http("GET", "/doctor/residents", lead_of(team_of(contract))).json["items"] == []


def test_the_team_sees_its_residents_and_the_reading_is_written_down(http: Http) -> None:
    team = a_team()
    names = ["丁一", "丙二", "乙三"]
    made = [a_contract(team, a_resident(name)) for name in names]
    an_application(team)
    a_contract()
    found, after = [], ""
    while after is not None:
        page = http("GET", f"/doctor/residents?limit=2{after}", nurse_of(team)).json
        found += [(row["name"], row["age"]) for row in page["items"]]
        after = page["next"] and f"&after={page['next']}"
    assert found == [(name, 64) for name in sorted(names)]
    shown = db.session.execute(select(disclosure.c.resident_ids)).scalars().all()
    assert {person for page in shown for person in page} == {row.resident_id for row in made}


def test_the_team_lists_its_contracts_by_state(http: Http) -> None:
    team = a_team()
    a_contract(team)
    waiting = an_application(team)
    [row] = http("GET", "/doctor/contracts?state=applied", lead_of(team)).json["items"]
    assert (row["id"], row["acts"]) == (str(waiting.id), ["accept", "decline"])
    assert len(http("GET", "/doctor/contracts", lead_of(team)).json["items"]) == 2
    assert http("GET", "/doctor/contracts", lead_of(a_team())).json["items"] == []


def test_a_manager_sees_numbers_and_no_names(http: Http) -> None:
    house = a_centre()
    team = a_team(house)
    a_contract(team)
    an_application(team)
    a_contract()
    manager = a_member_of_staff(Role.MANAGER, "钱主任", house.id)
    [counts] = http("GET", "/manager/contracts/counts", manager).json["items"]
    assert [counts[key] for key in ("applied", "accepted", "active", "capacity")] == [1, 0, 1, 2000]
    listed = http("GET", "/manager/contracts?state=active", manager)
    assert len(listed.json["items"]) == 1
    assert "王桂芬" not in listed.get_data(as_text=True)
    assert "resident_id" not in listed.json["items"][0]


def test_everybody_sees_how_full_a_team_is(http: Http, app: Flask) -> None:
    team = a_team()
    a_contract(team)
    shown = http("GET", f"/open/teams/{team.id}").json
    assert (shown["signed"], shown["capacity"]) == (1, 2000)
