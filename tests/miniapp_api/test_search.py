"""A search needs a part of a name, finds within what one may see, and is written down."""

from typing import Any

import pytest
from contract_builders import a_contract, a_team, lead_of
from flask import Flask
from people import Http, a_resident
from sqlalchemy import text

from backend.kernel.database import db
from tools.openapi import document_without_servers

DOCUMENT = document_without_servers()
RESIDENTS = "/doctor/residents"
BY_WECHAT = "/api/v1/open/wechat/events"  # its words are a signature, and look for nothing
# Every parameter that takes words, and the fewest characters of it: a new one needs a row here.
WORDS = {
    ("/api/v1/open/clinics/sessions", "specialty"): 1,  # the whole name of a specialty
    ("/api/v1/resident/formulary", "search"): 1,  # a public list of drugs
    ("/api/v1/doctor/formulary", "search"): 1,
    ("/api/v1/doctor/residents", "search"): 2,
    ("/api/v1/auditor/disclosures", "operation"): 1,  # the whole name of an operation
}


def worded() -> dict[tuple[str, str], int]:
    return {
        (path, told["name"]): told["schema"].get("minLength", 0)
        for path, operations in DOCUMENT["paths"].items()
        if path != BY_WECHAT
        for told in operations.get("get", {}).get("parameters", [])
        if told["in"] == "query"
        and told["schema"].get("type") == "string"
        and not {"format", "enum"} & told["schema"].keys()
        and told["name"] != "after"
    }


def test_every_search_is_known_and_has_its_minimum() -> None:
    assert worded() == WORDS


@pytest.fixture
def team(app: Flask) -> Any:
    team = a_team()
    for name in ("王桂芬", "王桂芳", "李雷", "O'Neil_100%"):
        a_contract(team, a_resident(name))
    a_contract(a_team(), a_resident("王桂花"))
    return team


def found(http: Http, team: Any, search: str, **options: Any) -> list[str]:
    answer = http("GET", RESIDENTS, lead_of(team), query_string={"search": search, **options})
    assert answer.status_code == 200, answer.json
    return sorted(row["name"] for row in answer.json["items"])


@pytest.mark.parametrize(("search", "names"), [
    ("桂芬", ["王桂芬"]), ("王桂", ["王桂芬", "王桂芳"]), (" 王桂 ", ["王桂芬", "王桂芳"]),
    ("李雷", ["李雷"]), ("李_", []), ("王%芬", []), ("0%", ["O'Neil_100%"]),
    ("o'n", ["O'Neil_100%"]),
    ("没有", []), ("%100", []), ("' OR '1'='1", []),
])  # fmt: skip
def test_part_of_a_name_is_found_among_ones_own(
    http: Http, team: Any, search: str, names: list[str]
) -> None:
    assert found(http, team, search) == names


@pytest.mark.parametrize("search", ["", " ", "王", " 王 ", "%", "%%", "__", "**", "……", "王" * 41])
def test_no_pattern_and_no_single_character_lists_everybody(
    http: Http, team: Any, search: str
) -> None:
    answer = http("GET", RESIDENTS, lead_of(team), query_string={"search": search})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/query/search"


def test_who_was_found_is_written_down_and_nobody_else(http: Http, team: Any) -> None:
    found(http, team, "桂芬")
    shown = db.session.execute(
        text("SELECT resident_ids FROM disclosure ORDER BY id DESC LIMIT 1")
    ).scalar_one()
    name = db.session.execute(
        text("SELECT name FROM resident WHERE id = ANY(:ids)"), {"ids": shown}
    ).scalars()
    assert list(name) == ["王桂芬"]


def test_a_search_that_finds_nobody_is_written_down_too(http: Http, team: Any) -> None:
    """Whoever tries names one after another is seen by the auditors."""
    assert found(http, team, "赵钱孙") == []
    kept = db.session.execute(text("SELECT operation, resident_ids FROM disclosure")).all()
    assert [tuple(row) for row in kept] == [("doctor.contracts.residents", [])]


def test_a_search_for_a_drug_is_nobodys_business(http: Http, team: Any) -> None:
    http("GET", "/doctor/formulary", lead_of(team), query_string={"search": "二甲"})
    assert db.session.execute(text("SELECT count(*) FROM disclosure")).scalar_one() == 0
