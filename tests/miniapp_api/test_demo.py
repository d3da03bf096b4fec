from datetime import UTC, datetime, timedelta

from conftest import MORNING
from flask import Flask
from people import Http

from backend.kernel import clock


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
    assert {"resident", "doctor", "pharmacist", "manager"} <= {one["role"] for one in people}
    with app.test_client().get("/demo") as page:
        assert page.status_code == 200
        assert "演示" in page.text
