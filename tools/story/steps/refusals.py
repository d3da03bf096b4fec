"""Each mistake gets the documented problem and changes nothing."""

from tools.story.scene import Scene

TITLE = "What must not succeed does not, and changes nothing"
NEEDS = ["/resident/me"]


def play(scene: Scene) -> None:
    """Who she is stays as it was before all of it."""
    before = scene.resident.get("/resident/me").body
    _wrong_token(scene)
    _malformed_number(scene)
    after = scene.resident.get("/resident/me").body
    scene.tell.check(
        scene.resident.name, "looks at her own data again", "unchanged", right=before == after
    )


def _wrong_token(scene: Scene) -> None:
    she = scene.resident
    good, she.token = she.token, she.token[:-4] + "AAAA"
    answer = she.get("/resident/me")
    she.token = good
    scene.tell.check("A stranger", "comes with a wrong token", answer.words, right=_is(answer, 401))


def _malformed_number(scene: Scene) -> None:
    wrong = scene.id_number[:-1] + ("0" if scene.id_number[-1] != "0" else "1")
    other = scene.newcomer("李某")
    answer = other.post("/resident/me/verification", {"name": "李某", "id_number": wrong})
    scene.tell.check(
        "A visitor",
        "types an ID number with a wrong check digit",
        f"{answer.words} {answer.pointers}",
        right=answer.status == 422 and "/id_number" in answer.pointers,
    )


def _is(answer: object, status: int) -> bool:
    return getattr(answer, "status", 0) == status and bool(getattr(answer, "code", ""))
