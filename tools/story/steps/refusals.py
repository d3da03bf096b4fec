"""Each mistake gets the documented problem and changes nothing."""

from typing import Any

from tools.story.client import Answer
from tools.story.scene import Scene

TITLE = "What must not succeed does not, and changes nothing"
HERS = ["/me", "/contracts", "/bookings", "/follow-ups", "/prescriptions"]
NEEDS = [
    "/doctor/contracts",
    "/resident/prescription-requests",
    *(f"/resident{path}" for path in HERS),
]


def play(scene: Scene) -> None:
    """Whatever she can see of her own is the same before and after all of it."""
    before = _everything(scene)
    _wrong_token(scene)
    _other_audience(scene)
    _another_resident(scene)
    _malformed_number(scene)
    _unknown_drug(scene)
    same = _everything(scene) == before
    scene.tell.check(scene.resident.name, "looks at her own data again", "unchanged", right=same)


def _everything(scene: Scene) -> list[Any]:
    return [scene.resident.get(f"/resident{path}").body for path in HERS]


def _wrong_token(scene: Scene) -> None:
    she = scene.resident
    good, she.token = she.token, she.token[:-4] + "AAAA"
    answer = she.get("/resident/me")
    she.token = good
    _told(scene, "A stranger", "comes with a wrong token", answer, 401)


def _other_audience(scene: Scene) -> None:
    answer = scene.resident.get("/doctor/teams")
    _told(scene, scene.resident.name, "enters by the doctors' door", answer, 403)


def _another_resident(scene: Scene) -> None:
    of_the_team = scene.stage.actor("doctor").get("/doctor/contracts?limit=50")["items"]
    other = next(one["id"] for one in of_the_team if one["resident_id"] != scene.resident_id)
    answer = scene.resident.get(f"/resident/contracts/{other}")
    _told(scene, scene.resident.name, "asks for another resident's contract", answer, 404)
    answer = scene.resident.post(f"/resident/contracts/{other}/dispute")
    _told(scene, scene.resident.name, "would end another resident's contract", answer, 404)


def _malformed_number(scene: Scene) -> None:
    last = scene.id_number[-1]
    wrong = scene.id_number[:-1] + ("0" if last != "0" else "1")
    visitor = scene.newcomer("李某")
    answer = visitor.post("/resident/me/verification", {"name": "李某", "id_number": wrong})
    right = "/id_number" in answer.pointers
    _told(
        scene, "A visitor", "types an ID number with a wrong check digit", answer, 422, right=right
    )


def _unknown_drug(scene: Scene) -> None:
    wish = {"drugs": ["NO-SUCH-DRUG"], "days": 28, "institution_id": scene.house}
    answer = scene.resident.post("/resident/prescription-requests", wish)
    _told(scene, scene.resident.name, "asks for an unknown drug", answer, 422)


def _told(
    scene: Scene, who: str, what: str, answer: Answer, status: int, *, right: bool = True
) -> None:
    scene.tell.check(who, what, answer.words, right=right and _is_problem(answer, status))


def _is_problem(answer: Answer, status: int) -> bool:
    return answer.status == status and bool(answer.code)
