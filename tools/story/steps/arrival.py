"""From a WeChat code to a verified resident."""

from tools.story.client import Answer
from tools.story.scene import Scene

TITLE = "She logs in, gives her phone, agrees, and shows who she is"
NEEDS = ["/open/resident-sessions", "/resident/me/verification"]


def play(scene: Scene) -> None:
    """Each act before its time is refused; in the right order all of them succeed."""
    _log_in(scene)
    _verify_too_early(scene)
    _agree(scene)
    _verify(scene)


def _log_in(scene: Scene) -> None:
    she, tell = scene.resident, scene.tell
    answer = she.log_in()
    right = answer.status == 201 and answer["level"] == "visitor"
    tell.need(she.name, "logs in with a WeChat code", answer.body.get("level"), right=right)


def _verify_too_early(scene: Scene) -> None:
    she, tell = scene.resident, scene.tell
    answer = _verification(scene)
    tell.check(
        she.name, "shows her ID without a phone", answer.words, right=answer.code == "phone-needed"
    )
    answer = she.put("/resident/me/phone", {"code": she.phone_code()})
    shown = answer.body.get("phone", answer.words)
    right = answer.status == 200 and shown == f"{scene.phone[:3]}****{scene.phone[-4:]}"
    tell.need(she.name, "gives her phone by WeChat's code", shown, right=right)
    answer = _verification(scene)
    tell.check(
        she.name,
        "shows her ID before she agreed to the use of health data",
        answer.words,
        right=answer.status == 403 and answer.code == "consent-needed",
    )


def _agree(scene: Scene) -> None:
    she, tell = scene.resident, scene.tell
    text = she.get("/open/consent-texts/health-data")
    given = {"purpose": "health_data", "version": text["version"]}
    answer = she.post("/resident/me/consents", given)
    tell.need(
        she.name,
        f"reads 《{text['title']}》 and agrees to it by itself",
        f"version {text['version']} kept",
        right=answer.status == 201 and answer["consents"][0]["purpose"] == "health_data",
    )
    text = she.get("/open/consent-texts/reminders")
    given = {"purpose": "reminders", "version": text["version"]}
    answer = she.post("/resident/me/consents", given)
    tell.need(
        she.name,
        f"reads 《{text['title']}》 as well, and agrees to be reminded",
        f"{len(answer['consents'])} consents kept, each by itself",
        right=answer.status == 201 and len(answer["consents"]) == 2,
    )


def _verify(scene: Scene) -> None:
    she, tell = scene.resident, scene.tell
    answer = _verification(scene)
    shown = answer.body.get("id_number", answer.words)
    right = answer.status == 200 and answer["level"] == "verified" and "*" in shown
    tell.need(she.name, "verifies her identity", f"verified, shown as {shown}", right=right)
    she.recall()


def _verification(scene: Scene) -> Answer:
    given = {"name": scene.resident.name, "id_number": scene.id_number}
    return scene.resident.post("/resident/me/verification", given)
