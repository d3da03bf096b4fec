"""A withdrawn consent holds at the correction desk as well."""

from people import Http
from privacy_builders import Life

from jobs import relay

WISH = {"subject": "phone", "wanted": "13900000001", "because": "换了号码"}
CONSENT = "/resident/me/consents/health_data"


def test_after_a_withdrawal_the_desk_sees_and_does_nothing(http: Http) -> None:
    life = Life()
    wish = http("POST", "/resident/me/corrections", life.resident, json=WISH).json
    digest = http("GET", f"{CONSENT}/consequences", life.resident).json["digest"]
    told = http("POST", f"{CONSENT}/withdrawal", life.resident, json={"digest": digest})
    assert told.status_code < 300
    accept = f"/staff/corrections/{wish['id']}/acceptance"
    assert http("GET", "/staff/corrections", life.doctor).json["items"] == []
    assert http("POST", accept, life.doctor, json={}).status_code == 404
    relay.drain()
    (mine,) = http("GET", "/resident/me/corrections", life.resident).json["items"]
    assert mine["state"] == "withdrawn"
    again = http("POST", "/resident/me/corrections", life.resident, json=WISH)
    assert (again.status_code, again.json["type"][18:]) == (403, "person-closed")
