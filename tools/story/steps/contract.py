"""Finding the nearest team, and signing with it."""

from typing import Any

from tools.story.client import Person
from tools.story.scene import Scene

TITLE = "She finds the team nearest to her and signs with it"
NEEDS = ["/open/teams/nearest", "/resident/contracts", "/doctor/contracts"]
MONTHS = 12


def play(scene: Scene) -> None:
    """She applies, the team accepts, she confirms the exact text; a second one is refused."""
    near = _find(scene)
    contract = _apply(scene, near[0])
    _elsewhere(scene, near[2], "applies to a second team meanwhile")
    _accept(scene, contract)
    _confirm(scene, contract)
    _elsewhere(scene, near[2], "applies to another team as well")


def _find(scene: Scene) -> list[dict[str, Any]]:
    she = scene.resident
    home = "&".join(f"{name}={degrees}" for name, degrees in scene.stage.home.items())
    near: list[dict[str, Any]] = she.get(f"/open/teams/nearest?{home}").body
    far = [team["metres"] for team in near]
    first = near[0]
    scene.tell.need(
        she.name,
        "looks for the team nearest to her home",
        f"{first['name']}, {first['institution']['name']}, {first['metres']} m",
        right=far == sorted(far) and len(near) > 2,
    )
    scene.house = first["institution"]["id"]
    return near


def _apply(scene: Scene, team: dict[str, Any]) -> str:
    she = scene.resident
    draft = she.get(f"/resident/contracts/draft?team_id={team['id']}&months={MONTHS}")
    words = f"《{draft['title']}》, {len(draft['text'])} characters"
    scene.tell.need(she.name, "reads the agreement", words, right=she.name in draft["text"])
    answer = she.post("/resident/contracts", {"team_id": team["id"], "months": MONTHS})
    state = answer.body.get("state", answer.words)
    scene.tell.need(she.name, f"applies to {team['name']}", state, right=state == "applied")
    return str(answer["id"])


def _elsewhere(scene: Scene, team: dict[str, Any], what: str) -> None:
    she = scene.resident
    answer = she.post("/resident/contracts", {"team_id": team["id"], "months": MONTHS})
    scene.tell.check(she.name, what, answer.words, right=answer.status == 409)


def _accept(scene: Scene, contract: str) -> None:
    doctor = scene.stage.actor("doctor")
    waiting = doctor.get("/doctor/contracts?state=applied&limit=50")["items"]
    hers = next((one for one in waiting if one["id"] == contract), None)
    shown = f"{hers['resident_name']}, {hers['age']}" if hers else "not in the list"
    scene.tell.need(f"Dr {doctor.name}", "sees who applied", shown, right=hers is not None)
    answer = doctor.post(f"/doctor/contracts/{contract}/acceptance")
    state = answer.body.get("state", answer.words)
    scene.tell.need(f"Dr {doctor.name}", "accepts", state, right=state == "accepted")
    scene.resident_id = answer["resident_id"]


def _confirm(scene: Scene, contract: str) -> None:
    she, path = scene.resident, f"/resident/contracts/{contract}"
    text = she.get(path)["agreement"]
    other = {"version": text["version"], "sha256": "0" * 64}
    answer = she.post(f"{path}/confirmation", other)
    right = answer.status == 409 and _state(she, path) == "accepted"
    scene.tell.check(she.name, "confirms a text she was not shown", answer.words, right=right)
    shown = {"version": text["version"], "sha256": text["sha256"]}
    answer = she.post(f"{path}/confirmation", shown)
    words = f"{answer.body.get('state', answer.words)} until {answer.body.get('ends_on')}"
    right = answer.status == 200 and answer["state"] == "active"
    scene.tell.need(she.name, "confirms the exact text", words, right=right)


def _state(person: Person, path: str) -> str:
    return str(person.get(path)["state"])
