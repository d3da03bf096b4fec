"""Rosters over HTTP: files there and back, exceptions, postings, the calendar."""

import base64
from typing import Any

from clinic_builders import an_expert
from contract_builders import a_centre
from people import Http, a_member_of_staff, a_resident
from roster_builders import a_manager

from backend import identity, network
from backend.kernel.context import Role
from backend.kernel.database import db

ROSTERS = "/manager/clinics/rosters"
PLAN: dict[str, Any] = {
    "specialty": "心内科",
    "service": "outpatient",
    "room": "二楼3诊室",
    "weekday": 3,
    "begins": "09:00",
    "ends": "11:00",
    "capacity": 20,
    "starts_on": "2026-11-23",
}


def drafted(http: Http, manager: identity.Staff, **facts: Any) -> Any:
    plan = PLAN | {"expert_id": str(an_expert().id)} | facts
    answer = http("POST", ROSTERS, manager, json=plan)
    assert answer.status_code == 201, answer.json
    return answer.json


def publish(http: Http, manager: identity.Staff, *drafts: Any) -> Any:
    ids = {"roster_ids": [draft["id"] for draft in drafts]}
    return http("POST", f"{ROSTERS}/publication", manager, json=ids)


def test_a_rule_is_told_in_words_and_a_wrong_one_is_pointed_at(http: Http) -> None:
    manager = a_manager(a_centre())
    rule = {"weekday": None, "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"}
    made = drafted(http, manager, **rule)
    assert (made["rule"], made["words"], made["weekday"]) == (rule["rule"], "每2周：周三、周五", 3)
    wrong = PLAN | {"expert_id": str(an_expert().id), "rule": "FREQ=DAILY"}
    answer = http("POST", ROSTERS, manager, json=wrong)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/rule"


def test_what_clashes_is_shown_and_not_published(http: Http) -> None:
    house, expert = a_centre(), an_expert()
    manager = a_manager(house)
    same = {"expert_id": str(expert.id)}
    drafts = [drafted(http, manager, **same), drafted(http, manager, **same, room="别处")]
    which = {"roster_ids": [draft["id"] for draft in drafts]}
    told = http("POST", f"{ROSTERS}/conflicts", manager, json=which).json
    assert told["can_be_published"] is False
    (found,) = told["findings"]
    assert (found["trouble"], found["pointer"], found["is_hard"]) == (
        "expert_elsewhere",
        "/begins",
        True,
    )
    refused = publish(http, manager, *drafts)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:jiayi:problem:roster-clash")
    for wrong in ({}, which | {"batch_id": drafts[0]["id"]}):
        assert http("POST", f"{ROSTERS}/conflicts", manager, json=wrong).status_code == 422


def test_a_file_goes_out_comes_back_and_is_published_as_one(http: Http) -> None:
    house = a_centre(name="示例社区")
    manager = a_manager(house)
    publish(http, manager, drafted(http, manager, quotas={"signed": 3}))
    sheets = "/manager/clinics/roster-sheets"
    file = http("GET", sheets, manager)
    assert file.headers["Content-Disposition"].endswith('"rosters.xlsx"')
    body = {"title": "原样", "file": base64.b64encode(file.data).decode()}
    again = http("POST", sheets, manager, json=body)
    assert (again.status_code, again.json["unchanged"], again.json["rosters"]) == (201, 1, [])
    for wrong in ("###", base64.b64encode(b"no workbook").decode()):
        answer = http("POST", sheets, manager, json=body | {"file": wrong})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/file"


def test_a_posting_is_published_and_found_by_its_batch(http: Http) -> None:
    manager = a_manager(a_centre())
    shift = {name: PLAN[name] for name in ("specialty", "service", "room", "capacity")}
    whole = {"expert_id": str(an_expert().id), "starts_on": "2026-11-24", "ends_on": "2027-01-22"}
    mornings = shift | {"rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE", "begins": "08:30", "ends": "11:00"}
    evenings = shift | {"weekday": 5, "begins": "17:00", "ends": "19:00"}
    body = whole | {"title": "驻点", "shifts": [mornings, evenings]}
    made = http("POST", f"{ROSTERS}/postings", manager, json=body).json
    batch = {"batch_id": made["batch_id"]}
    assert len(http("POST", f"{ROSTERS}/publication", manager, json=batch).json["rosters"]) == 2
    query = f"?batch_id={made['batch_id']}&state=published"
    assert len(http("GET", f"{ROSTERS}{query}", manager).json["items"]) == 2


def test_an_exception_and_what_is_left_for_somebody_to_decide(http: Http) -> None:
    house, person = a_centre(), a_resident()
    manager = a_manager(house)
    made = drafted(http, manager)
    publish(http, manager, made)
    http("POST", "/manager/clinics/generation", manager)
    rows = http("GET", "/manager/clinics/sessions", manager).json["items"]
    http("POST", "/resident/bookings", person, json={"session_id": rows[0]["id"]})
    path = f"{ROSTERS}/{made['id']}/exceptions"
    off = {"day": rows[0]["day"], "is_held": False, "reason": "专家外出会议"}
    done = http("POST", path, manager, json=off).json
    assert [one["id"] for one in done["left"]] == [rows[0]["id"]]
    assert http("GET", path, manager).json == [done["exception"]]
    astray = http("GET", "/manager/clinics/sessions/astray", manager).json
    assert [one["id"] for one in astray] == [rows[0]["id"]]
    gone = http("DELETE", f"{path}/{done['exception']['id']}", manager).json
    assert gone == {"exception": None, "left": []}


def test_the_consortium_keeps_the_calendar_and_houses_read_it(http: Http) -> None:
    consortium = network.Consortium(name="示例医共体")
    db.session.add(consortium)
    db.session.flush()
    house = a_centre(consortium_id=consortium.id)
    chief = a_member_of_staff(Role.CONSORTIUM_MANAGER, "王主任", house.id)
    day = {"day": "2027-02-08", "works": False, "name": "春节"}
    answer = http("POST", "/manager/holidays", chief, json=day)
    assert answer.status_code == 200, answer.json
    (entered,) = answer.json["items"]
    assert entered == day | {"is_entered": True}
    manager = a_manager(house)
    assert http("GET", "/manager/holidays?year=2027", manager).json["items"] == [entered]
    assert http("POST", "/manager/holidays", manager, json=day).status_code == 403
    removal = http("POST", "/manager/holidays/removal", chief, json={"day": "2027-02-08"})
    assert removal.json == {"items": []}


def test_an_expert_sees_the_own_rosters_and_nobody_elses(http: Http) -> None:
    house, expert = a_centre(), an_expert()
    manager = a_manager(house)
    made = drafted(http, manager, expert_id=str(expert.id))
    assert http("GET", "/doctor/clinics/rosters", expert).json["items"] == []
    publish(http, manager, made)
    (shown,) = http("GET", "/doctor/clinics/rosters", expert).json["items"]
    assert shown["id"] == made["id"]
    assert http("GET", "/doctor/clinics/rosters", an_expert()).json["items"] == []


def test_ward_rounds_are_not_in_the_public_timetable(http: Http) -> None:
    house = a_centre()
    manager = a_manager(house)
    rounds = drafted(http, manager, service="ward_round", capacity=0)
    publish(http, manager, rounds)
    http("POST", "/manager/clinics/generation", manager)
    assert len(http("GET", "/manager/clinics/sessions", manager).json["items"]) == 3
    shown = http("GET", f"/open/clinics/sessions?institution_id={house.id}").json
    assert shown["items"] == []
