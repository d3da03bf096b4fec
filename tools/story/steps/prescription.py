"""A long prescription, from the wish to the day on which the drugs run out."""

from datetime import date, datetime, time, timedelta
from typing import Any

from tools.story.client import Answer, Person
from tools.story.scene import Scene
from tools.story.steps.followup import record
from tools.story.telling import until

TITLE = "She asks for a long prescription; each clause is kept until it is dispensed"
NEEDS = ["/resident/prescription-requests", "/doctor/prescriptions", "/resident/formulary"]
DAYS = 56
ASSESSMENT = {"stable": True, "adherent": True, "plan_fits": True, "educated": True}
NOTE = "血压已达标，方案稳定，已告知用药和监测方法。"


def play(scene: Scene) -> None:
    """Nothing above 28 days without assessment and confirmation, nothing above the maximum."""
    doctor = scene.stage.actor("doctor")
    _under_control(scene, doctor)
    drug = _drug(scene)
    _too_long(scene, drug)
    path = _request(scene, drug)
    _readings(scene, doctor)
    _issue_too_early(scene, doctor, path, drug)
    _confirm(scene, path)
    _issue_too_long(scene, doctor, path, drug)
    _issue(scene, doctor, path, drug)
    _pharmacy(scene, path)


def _under_control(scene: Scene, doctor: Person) -> None:
    due_on = date.fromisoformat(scene.next_visit["due_on"])
    scene.stage.move_clock(datetime.combine(due_on, time(10, 0), Scene.ZONE))
    answer = record(scene, doctor, scene.next_visit, 128, 80)
    right = answer["advice"] == "routine"
    words = answer["advice_text"]
    scene.tell.need(f"Dr {doctor.name}", "finds 128/80 after treatment", words, right=right)


def _drug(scene: Scene) -> dict[str, Any]:
    found = scene.resident.get("/resident/formulary?search=氨氯地平")["items"]
    drug = found[0]
    words = f"{drug['name']} {drug['strength']}"
    scene.tell.need(scene.resident.name, "finds her drug in the formulary", words, right=found)
    return dict(drug)


def _wish(scene: Scene, code: str, days: int) -> Answer:
    wish = {"drugs": [code], "days": days, "institution_id": scene.house}
    return scene.resident.post("/resident/prescription-requests", wish)


def _too_long(scene: Scene, drug: dict[str, Any]) -> None:
    answer = _wish(scene, drug["code"], 120)
    right = answer.status == 422
    scene.tell.check(scene.resident.name, "asks for 120 days", _why(answer), right=right)


def _request(scene: Scene, drug: dict[str, Any]) -> str:
    answer = _wish(scene, drug["code"], DAYS)
    state = answer.body.get("state", answer.words)
    right = state == "requested"
    scene.tell.need(scene.resident.name, f"asks for {DAYS} days", state, right=right)
    return f"prescriptions/{answer['id']}"


def _readings(scene: Scene, doctor: Person) -> None:
    found = doctor.get(f"/doctor/residents/{scene.resident_id}/readings")["items"]
    shown = [f"{one['systolic']}/{one['diastolic']}" for one in found]
    right = shown[0] == "128/80" and len(shown) == 4
    scene.tell.check(f"Dr {doctor.name}", "sees her readings", ", ".join(shown), right=right)


def _draft(drug: dict[str, Any], days: int, assessment: dict[str, Any]) -> dict[str, Any]:
    usage = f"口服，每日一次，每次1{drug['unit']}"
    line = {"drug": drug["code"], "dose": 1, "times_per_day": 1, "quantity": days, "usage": usage}
    return {"diagnoses": ["I10"], "lines": [line], "days": days, "assessment": assessment}


def _issue_too_early(scene: Scene, doctor: Person, path: str, drug: dict[str, Any]) -> None:
    unassessed = ASSESSMENT | {"educated": False}
    answer = doctor.post(f"/doctor/{path}/issue", _draft(drug, DAYS, unassessed))
    right = answer.status == 422 and _state(doctor, path) == "requested"
    what = f"issues {DAYS} days without assessment and confirmation"
    scene.tell.check(f"Dr {doctor.name}", what, _why(answer), right=right)


def _confirm(scene: Scene, path: str) -> None:
    text = scene.resident.get(f"/resident/{path}")["to_confirm"]
    answer = scene.resident.post(f"/resident/{path}/confirmation", {"digest": text["digest"]})
    right = answer.status == 200 and answer["confirmation"]["days"] == DAYS
    words = f"《{text['title']}》" if right else answer.words
    scene.tell.need(scene.resident.name, "reads what it means and confirms", words, right=right)


def _issue_too_long(scene: Scene, doctor: Person, path: str, drug: dict[str, Any]) -> None:
    answer = doctor.post(f"/doctor/{path}/issue", _draft(drug, 85, ASSESSMENT | {"note": NOTE}))
    right = answer.status == 422 and _state(doctor, path) == "requested"
    scene.tell.check(f"Dr {doctor.name}", "issues 85 days", _why(answer), right=right)


def _issue(scene: Scene, doctor: Person, path: str, drug: dict[str, Any]) -> None:
    answer = doctor.post(f"/doctor/{path}/issue", _draft(drug, DAYS, ASSESSMENT | {"note": NOTE}))
    state = answer.body.get("state", "") or _why(answer)
    what = f"issues {DAYS} days after the assessment"
    scene.tell.need(f"Dr {doctor.name}", what, state or _why(answer), right=state == "issued")


def _pharmacy(scene: Scene, path: str) -> None:
    pharmacist = scene.stage.actor("pharmacist")
    who = f"Pharmacist {pharmacist.name}"
    answer = pharmacist.post(f"/doctor/{path}/review", {"note": None})
    state = answer.body.get("state", answer.words)
    scene.tell.need(who, "reviews it", state, right=state == "reviewed")
    handover = {"collector": {"kind": "self"}}
    answer = pharmacist.post(f"/doctor/{path}/dispensing", handover)
    state = answer.body.get("state", answer.words)
    scene.tell.need(who, "dispenses it", state, right=state == "in_use")
    answer = pharmacist.post(f"/doctor/{path}/dispensing", handover)
    scene.tell.check(who, "dispenses it twice", answer.words, right=answer.status == 409)
    _run_out(scene, path)


def _run_out(scene: Scene, path: str) -> None:
    found = scene.resident.get(f"/resident/{path}")
    out = date.fromisoformat(found["runs_out_on"])
    right = out == scene.today() + timedelta(days=DAYS)
    words = f"drugs until {out}"
    scene.tell.check(scene.resident.name, "sees how long they last", words, right=right)
    planned = until(lambda: _reminders(scene), bool)
    words = "、".join(one["due_at"][:10] for one in planned)
    right = bool(planned) and all(one["state"] == "queued" for one in planned)
    scene.tell.check("The run-out reminder", "is planned", words, right=right)


def _reminders(scene: Scene) -> list[dict[str, Any]]:
    path = f"/api/v1/demo/residents/{scene.resident_id}/messages"
    found = scene.stage.api.ask("GET", path).body
    return [one for one in found if one["kind"] == "run_out"]


def _state(person: Person, path: str) -> str:
    return str(person.get(f"/doctor/{path}")["state"])


def _why(answer: Answer) -> str:
    faults = answer.body.get("errors", []) if isinstance(answer.body, dict) else []
    return "；".join([answer.words, *(fault["detail"] for fault in faults)])
