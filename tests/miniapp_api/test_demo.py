from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import MORNING, environment
from flask import Flask
from people import Http, a_resident, an_account

from backend.assembly import release
from backend.kernel import clock
from backend.kernel.context import STAFF
from config.settings import Settings
from miniapp_api.application import create_app


def test_the_clock_goes_forward_only(app: Flask, http: Http) -> None:
    later = datetime.now(UTC) + timedelta(days=90)
    moved = http("POST", "/demo/clock", json={"to": later.isoformat()})
    assert moved.status_code == 200
    assert clock.get_shift() > timedelta(days=89)
    earlier = (later - timedelta(days=1)).isoformat()
    back = http("POST", "/demo/clock", json={"to": earlier})
    assert (back.status_code, back.json["type"]) == (409, "urn:jiayi:problem:clock-goes-forward")


def test_nobody_leaps_over_years(http: Http) -> None:
    far = MORNING + timedelta(days=4000)
    answer = http("POST", "/demo/clock", json={"to": far.isoformat()})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/to"


def test_the_cast_and_the_page_are_there(app: Flask, http: Http) -> None:
    people = http("GET", "/demo/people").json["people"]
    assert {one["role"] for one in people} == {"resident", *STAFF}
    with app.test_client().get("/demo") as page:
        assert page.status_code == 200
        assert "演示" in page.text


def test_production_knows_nothing_of_it(tmp_path: Path) -> None:
    told = environment("postgresql://nobody@127.0.0.1:9/none", tmp_path) | {
        "ENV": "production",
        "SMS_BASE_URL": "",
        "LIMITS": "1",
    }
    app = create_app(Settings.from_env(told))
    served = {rule.rule for rule in app.url_map.iter_rules()}
    described = set(app.extensions["openapi"]["paths"])
    release(app)
    assert not [path for path in served | described if "demo" in path]
    assert "/api/v1/resident/me" in served


def test_a_burst_writes_to_the_invented_neighbours_alone(app: Flask, http: Http) -> None:
    a_resident("不是演示")
    assert http("POST", "/demo/bursts", json={"count": 3}).json["notices"] == []
    account = an_account(resident_id=a_resident("示例", account=False).id)
    account.openid = "demo-neighbour-1"
    burst = http("POST", "/demo/bursts", json={"count": 3}).json
    assert [one["number"] for one in burst["notices"]] == ["1", "2", "3"]
    assert http("GET", f"/demo/bursts/{burst['id']}").json == burst
