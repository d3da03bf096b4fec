"""停诊 over HTTP: the manager closes, the person chooses, the desk calls."""

from typing import Any

import pytest
from cascade_builders import DAY, Cascade, follow
from people import Http
from sqlalchemy import select

from backend.kernel.database import db
from backend.kernel.disclosures import disclosure


def shown(http: Http, method: str, path: str, person: Any, json: Any = None) -> Any:
    answer = http(method, path, person, json=json)
    assert answer.status_code in {200, 201}, answer.json
    return answer.json


def test_from_the_closing_to_another_seat(http: Http) -> None:
    story = Cascade()
    soon, later = story.another(2), story.another(5)
    path = f"/manager/clinics/sessions/{story.old.id}/cancellation"
    shown(http, "POST", path, story.boss, {"reason": "专家外出会诊"})
    follow()
    path = f"/resident/bookings/{story.booked.id}/alternatives"
    told = shown(http, "GET", path, story.person)
    assert (told["state"], told["lost"]["reason"]) == ("awaited", "专家外出会诊")
    assert told["offer"]["session_id"] == str(soon.id)
    assert [one["id"] for one in told["sessions"]] == [str(soon.id), str(later.id)]
    by_offer = f"/resident/bookings/{told['offer']['id']}/alternatives"
    assert shown(http, "GET", by_offer, story.person) == told
    shown(http, "POST", f"{path}/call", story.person)
    wish = {"session_id": str(later.id), "seat_number": 2}
    told = shown(http, "POST", f"{path}/choice", story.person, wish)
    assert (told["state"], told["offer"]["seat_number"], told["sessions"]) == ("took_other", 2, [])
    again = http("POST", f"{path}/refusal", story.person)
    assert again.status_code == 409
    counts = shown(http, "GET", "/manager/clinics/closed-sessions", story.boss)["items"]
    assert [(one["open"], one["answered"]) for one in counts] == [(0, 1)]


def test_the_desk_sees_the_phone_of_whom_it_calls_and_that_is_written_down(http: Http) -> None:
    story = Cascade()
    story.another(2)
    story.close()
    (line,) = shown(http, "GET", "/staff/clinics/displaced", story.nurse)["items"]
    assert (line["name"], line["calls_missed"]) == ("王桂芬", 0)
    assert "phone" not in line
    path = f"/staff/clinics/displaced/{line['id']}"
    assert shown(http, "GET", path, story.nurse)["phone"] == "13805720001"
    missed = shown(http, "POST", f"{path}/missed-call", story.nurse)
    assert missed["calls_missed"] == 1
    taken = shown(http, "POST", f"{path}/acceptance", story.nurse)
    assert (taken["state"], taken["offered_until"]) == ("took_offer", None)
    assert shown(http, "GET", "/staff/clinics/displaced", story.nurse)["items"] == []
    found = select(disclosure.c.operation, disclosure.c.resident_ids).order_by(disclosure.c.id)
    told = [(row.operation, row.resident_ids) for row in db.session.execute(found)]
    assert ("staff.displaced.call", [story.person.id]) in told


@pytest.mark.parametrize("way", ["move", "capacity", "closures"])
def test_what_a_manager_does_with_a_booked_session(http: Http, way: str) -> None:
    story = Cascade()
    sessions = f"/manager/clinics/sessions/{story.old.id}"
    if way == "move":
        when = (story.old.starts_at + DAY).isoformat()
        told = shown(
            http, "POST", f"{sessions}/move", story.boss, {"starts_at": when, "reason": "改期"}
        )
        assert (told["taken"], told["state"]) == (1, "open")
    elif way == "capacity":
        told = shown(http, "POST", f"{sessions}/capacity", story.boss, {"capacity": 1})
        assert (told["capacity"], told["free"]) == (1, 0)
        seats = shown(http, "GET", f"/open/clinics/sessions/{story.old.id}", None)["seats"]
        assert [seat["number"] for seat in seats] == [1]
    else:
        day = str(story.old.day)
        leave = {"expert_id": str(story.old.expert_id), "from": day, "to": day, "reason": "请假"}
        (told,) = shown(http, "POST", "/manager/clinics/closures", story.boss, leave)
        assert (told["id"], told["state"]) == (str(story.old.id), "cancelled")


def test_a_cut_below_what_is_taken_lists_whom_it_concerns(http: Http) -> None:
    story, other = Cascade(capacity=2), None
    person = Cascade(house=story.house).person
    path = "/resident/bookings"
    other = shown(http, "POST", path, person, {"session_id": str(story.old.id)})
    path = f"/manager/clinics/sessions/{story.old.id}/capacity"
    refused = http("POST", path, story.boss, json={"capacity": 1})
    assert (refused.status_code, refused.json["type"]) == (
        409,
        "urn:jiayi:problem:seats-to-decide",
    )
    assert refused.json["errors"] == [{"pointer": f"/withdrawn/{other['id']}", "detail": "2号"}]
    decided = {"capacity": 1, "withdrawn": [other["id"]]}
    assert shown(http, "POST", path, story.boss, decided)["taken"] == 1


def test_a_seat_is_moved_over_http_once_a_key(http: Http) -> None:
    story = Cascade()
    later = story.another(2)
    answers = [
        http(
            "POST",
            f"/resident/bookings/{story.booked.id}/move",
            story.person,
            json={"session_id": str(later.id)},
            headers={"Idempotency-Key": "move-0123456789"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    changes = shown(http, "GET", "/staff/clinics/changes", story.nurse)["items"]
    assert [(one["state"], one["seat_number"]) for one in changes] == [("moved", 1)]
