"""The quarterly follow-up: one push, a task with a clock, and what the standard says."""

from datetime import date, datetime, time, timedelta
from typing import Any

from backend.kernel.calendar import next_workday
from tools.story.client import Person
from tools.story.scene import Scene
from tools.story.telling import until

TITLE = "Her follow-up falls due; it is answered for, and the standard decides what follows"
NEEDS = ["/resident/follow-ups", "/doctor/follow-ups", "/resident/subscriptions"]
HERS, TASK, EMERGENCY = "JIAYI-FOLLOW-UP", "JIAYI-TASK", "JIAYI-EMERGENCY"
NOTICE, A_WHILE, OFTEN = timedelta(days=7), 1.5, 300
CLINIC = 1  # the form's code for a visit at the clinic


def play(scene: Scene) -> None:
    """From the plan to the ambulance."""
    doctor, lead = scene.stage.actor("doctor"), scene.stage.actor("lead")
    visit = _enrol(scene, doctor)
    _agree(scene, doctor, lead)
    visit = _fall_due(scene, doctor, visit)
    visit = _escalate(scene, doctor, lead, visit)
    _acknowledge(scene, doctor, lead, visit)
    second = _first_reading(scene, doctor, visit)
    third = _second_reading(scene, doctor, second)
    scene.next_visit = _emergency(scene, [doctor, lead], third)


def _enrol(scene: Scene, doctor: Person) -> dict[str, Any]:
    diagnosed = (scene.today() - timedelta(days=900)).isoformat()
    path = f"/doctor/residents/{scene.resident_id}/enrolments"
    answer = doctor.post(path, {"diagnosed_on": diagnosed})
    words = f"first visit by {answer.body.get('due_on')}" if answer.status == 201 else answer.words
    right = answer.status == 201
    scene.tell.need(f"Dr {doctor.name}", "enrols her for hypertension", words, right=right)
    return dict(answer.body)


def _agree(scene: Scene, doctor: Person, lead: Person) -> None:
    """Each taps "allow"; staff often, as everybody of the team falls due when the clock moves."""
    she = scene.resident
    answer = she.agree_to([HERS])
    scene.tell.check(she.name, "allows reminders", answer.status, right=answer.status == 200)
    for person in (doctor, lead):
        person.agree_to([TASK, EMERGENCY], OFTEN)


def _fall_due(scene: Scene, doctor: Person, visit: dict[str, Any]) -> dict[str, Any]:
    she = scene.resident
    morning = _at(next_workday(date.fromisoformat(visit["due_on"]) - NOTICE), time(9, 30))
    moved = scene.stage.move_clock(morning)
    scene.tell.need("The clock", "moves on", f"{morning:%Y-%m-%d %H:%M}", right=moved.status == 200)
    until(lambda: _about(visit, doctor, TASK), bool)
    # Reminders are spread over their hour: each person has a minute of it.
    scene.stage.move_clock(morning + timedelta(hours=1))
    until(lambda: she.received(HERS), bool)
    scene.wait(A_WHILE)
    pushes = she.received(HERS)
    words = f"{len(pushes)} push, {pushes[0]['data'] if pushes else ''}"
    scene.tell.check(she.name, "is reminded exactly once", words, right=len(pushes) == 1)
    told = until(lambda: len(_about(visit, doctor, TASK)), bool)
    task = _task(doctor, visit["id"])
    words = f"{task['state_text']}, to be answered by {_shown(task['answer_by'])}"
    right = told == 1 and task["state"] == "due"
    scene.tell.need(f"Dr {doctor.name}", "gets the task", words, right=right)
    return task


def _escalate(scene: Scene, doctor: Person, lead: Person, visit: dict[str, Any]) -> dict[str, Any]:
    late = datetime.fromisoformat(visit["answer_by"]) + timedelta(minutes=2)
    scene.stage.move_clock(late)
    found = until(lambda: _task(doctor, visit["id"]), lambda task: task["state"] == "escalated")
    words = f"{found['state_text']} since {_shown(found['escalated_at'])}, for all to see"
    right = found["state"] == "escalated"
    scene.tell.need(f"Dr {doctor.name}", "does not answer in time", words, right=right)
    until(lambda: _about(visit, lead, TASK), bool)
    scene.wait(A_WHILE)
    pushes = _about(visit, lead, TASK)
    words = f"{len(pushes)} push, {pushes[0]['data'] if pushes else ''}"
    right = len(pushes) == 1 and _task(lead, visit["id"])["state"] == "escalated"
    scene.tell.check(f"Team lead {lead.name}", "is told exactly once", words, right=right)
    return found


def _about(visit: dict[str, Any], person: Person, template: str) -> list[dict[str, Any]]:
    """The pushes of this template that open this follow-up."""
    return [one for one in person.received(template) if visit["id"] in one["page"]]


def _acknowledge(scene: Scene, doctor: Person, lead: Person, visit: dict[str, Any]) -> None:
    path = f"/doctor/follow-ups/{visit['id']}/acknowledgement"
    answer = lead.post(path)
    state = answer.body.get("state_text", answer.words)
    right = answer.body.get("state") == "acknowledged"
    scene.tell.need(f"Team lead {lead.name}", "takes it on", state, right=right)
    answer = doctor.post(path)
    right = answer.status == 409
    scene.tell.check(f"Dr {doctor.name}", "takes it on as well", answer.words, right=right)


def _first_reading(scene: Scene, doctor: Person, visit: dict[str, Any]) -> dict[str, Any]:
    answer = record(scene, doctor, visit, 152, 94)
    after = answer["next"]
    within = (date.fromisoformat(after["due_on"]) - scene.today()).days
    words = f"{answer['advice_text']}; the next follow-up is due on {after['due_on']}"
    right = answer["advice"] == "recheck" and 0 < within <= 14
    scene.tell.need(f"Dr {doctor.name}", "records 152/94", words, right=right)
    return dict(after)


def _second_reading(scene: Scene, doctor: Person, visit: dict[str, Any]) -> dict[str, Any]:
    scene.stage.move_clock(_at(date.fromisoformat(visit["due_on"]), time(10, 0)))
    answer = record(scene, doctor, visit, 156, 92)
    why = "、".join(reason["text"] for reason in answer["reasons"])
    words = f"{answer['advice_text']} ({why})"
    right = answer["advice"] == "refer"
    scene.tell.need(f"Dr {doctor.name}", "records 156/92 two weeks later", words, right=right)
    return dict(answer["next"])


def _emergency(scene: Scene, team: list[Person], visit: dict[str, Any]) -> dict[str, Any]:
    scene.stage.move_clock(_at(date.fromisoformat(visit["due_on"]), time(10, 0)))
    answer = record(scene, team[0], visit, 184, 112)
    words = f"{answer['advice_text']} ({'、'.join(r['text'] for r in answer['reasons'])})"
    right = answer["advice"] == "refer_now"
    scene.tell.need(f"Dr {team[0].name}", "records 184/112", words, right=right)
    for person in team:
        _alerted(scene, person, visit)
    return dict(answer["next"])


def _alerted(scene: Scene, person: Person, visit: dict[str, Any]) -> None:
    until(lambda: _about(visit, person, EMERGENCY), bool)
    alerts = _about(visit, person, EMERGENCY)
    words = f"{len(alerts)} push, {alerts[0]['data'] if alerts else ''}"
    scene.tell.check(person.name, "is alerted at once", words, right=len(alerts) == 1)


def record(
    scene: Scene, doctor: Person, visit: dict[str, Any], upper: int, lower: int
) -> dict[str, Any]:
    """Write a reading down; what the standard says of it."""
    found = {"way": CLINIC, "systolic": upper, "diastolic": lower, "heart_rate": 76}
    answer = doctor.post(f"/doctor/follow-ups/{visit['id']}/result", found)
    who, what = f"Dr {doctor.name}", f"writes down {upper}/{lower}"
    if answer.status != 200:
        scene.tell.need(who, what, answer.words, right=False)
    return dict(answer.body)


def _task(person: Person, followup_id: str) -> dict[str, Any]:
    return dict(person.get(f"/doctor/follow-ups/{followup_id}")["follow_up"])


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, Scene.ZONE)


def _shown(instant: str | None) -> str:
    if instant is None:
        return "no time"
    return f"{datetime.fromisoformat(instant).astimezone(Scene.ZONE):%Y-%m-%d %H:%M}"
