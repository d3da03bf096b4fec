"""签约码: the mini-program's code of a team, drawn by WeChat and given to its own people."""

import base64
from uuid import UUID

import pytest
from contract_builders import a_team, lead_of
from flask import Flask
from people import Http, a_resident
from simulators import Simulator
from staffing_builders import a_manager

from backend import identity
from backend.identity import wechat_links
from backend.kernel import cache
from backend.kernel.database import db
from backend.kernel.errors import Unavailable
from backend.network import Institution

CODE, LINK = wechat_links.CODE, wechat_links.LINK


def calls_of(wechat: Simulator, path: str) -> dict[str, int]:
    found: dict[str, int] = wechat.control("GET", "stats")["calls"].get(path, {})
    return found


@pytest.fixture
def no_cache(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is no Redis."""
    monkeypatch.setitem(app.extensions, "cache", None)


def test_it_says_the_team_in_few_characters() -> None:
    team = UUID("0190a0b0-c0d0-7e0f-8a1b-2c3d4e5f6071")
    scene = identity.team_scene(team)
    assert len(scene) == 24
    assert UUID(bytes=base64.urlsafe_b64decode(scene[2:] + "==")) == team


def test_its_own_people_get_it_and_others_do_not(http: Http, wechat: Simulator) -> None:
    team = a_team()
    house = db.session.get_one(Institution, team.institution_id)
    for area, person in (("doctor", lead_of(team)), ("manager", a_manager(house))):
        answer = http("GET", f"/{area}/teams/{team.id}/code", person)
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data.startswith(b"\x89PNG")
        assert "private" in answer.headers["Cache-Control"]
    assert http("GET", f"/manager/teams/{team.id}/code", a_manager()).status_code == 403
    assert http("GET", f"/doctor/teams/{team.id}/code", lead_of(a_team())).status_code == 403
    assert http("GET", f"/doctor/teams/{team.id}/code", a_resident()).status_code == 403


def test_it_is_drawn_once(app: Flask, http: Http, wechat: Simulator) -> None:
    if not app.extensions["cache"]:
        pytest.skip("2026-11-23: no Redis on this machine")
    team = a_team()
    drawn = {http("GET", f"/doctor/teams/{team.id}/code", lead_of(team)).data for _ in range(3)}
    assert (len(drawn), calls_of(wechat, CODE)) == (1, {"0": 1})


@pytest.mark.usefixtures("no_cache")
def test_what_wechat_refuses_is_a_service_that_rests(http: Http, wechat: Simulator) -> None:
    wechat.control("POST", "pages", {"pages": ["pages/index/index"]})
    team = a_team()
    assert http("GET", f"/doctor/teams/{team.id}/code", lead_of(team)).status_code == 503
    assert calls_of(wechat, CODE) == {"41030": 1}


@pytest.mark.parametrize(
    ("scene", "page"),
    [
        ("t=" + "A" * 31, "pages/a"),
        ("", "pages/a"),
        ("a%", "pages/a"),
        ("车", "pages/a"),
        ("a", "/pages/a"),
        ("a", "pages/a?b=1"),
        ("a", ""),
    ],
)
def test_what_no_code_can_carry_is_not_asked_for(app: Flask, scene: str, page: str) -> None:
    with pytest.raises(ValueError, match="no code"):
        identity.code_image(scene, page)


@pytest.mark.usefixtures("no_cache")
def test_an_image_is_told_by_its_kind_and_its_first_byte(app: Flask, wechat: Simulator) -> None:
    server = app.extensions["wechat"]
    wechat.fault("refuse", CODE, errcode=45009)
    with pytest.raises(identity.WeChatRefused) as refused:
        identity.code_image("a=1", "pages/a")
    assert refused.value.errcode == 45009
    asked = {"cgi_path": CODE}
    with pytest.raises(Unavailable):
        server.picture("/cgi-bin/openapi/quota/get", asked)  # JSON, and no refusal


def test_a_link_leads_to_its_page_and_is_made_once(app: Flask, wechat: Simulator) -> None:
    path, query = "pages/follow-ups/detail", "id=1&from=sms"
    links = {identity.url_link(path, query) for _ in range(2)}
    known = wechat.control("GET", "links")["links"]
    assert {known[one]["query"] for one in links} == {query}
    assert len(links) == (1 if app.extensions["cache"] else 2)
    cache.drop(wechat_links._key("link", f"{path}?{query}"))


@pytest.mark.parametrize(("path", "query"), [("/pages/a", ""), ("", ""), ("a", "x" * 1025)])
def test_what_no_link_can_carry_is_not_asked_for(app: Flask, path: str, query: str) -> None:
    with pytest.raises(ValueError, match="no link"):
        identity.url_link(path, query)
