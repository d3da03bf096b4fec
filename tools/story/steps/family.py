"""A son who acts for his father, as far and as long as the father lets him."""

from datetime import timedelta
from typing import Any

from backend.kernel.sensitive import SENSITIVE, Traits
from tools.story.client import Answer, Person
from tools.story.scene import Scene
from tools.story.steps.clinic import bookable
from tools.story.telling import until

TITLE = "An old neighbour lets his son book for him, sees what he did, and takes it back"
NEEDS = ["/resident/me/proxies/invitations", "/resident/me/people", "/resident/me/access-log"]
FATHER, SON, FATHERS_AGE, SONS_AGE = "周德福", "周建国", 82, 54
DAYS = 90
FOR_HIM = {"jiayi-acting": "proxy", "jiayi-kinship": "son"}


def play(scene: Scene) -> None:
    """Each goes on the own phone; the server says for whom and as what."""
    father = scene.neighbour(FATHER, FATHERS_AGE, is_man=True)
    son = scene.neighbour(SON, SONS_AGE, is_man=True)
    code = _invite(scene, father)
    mandate = _accept(scene, son, code)
    _choose(scene, son, father)
    booking = _book(scene, son)
    _listed(scene, father, booking)
    _not_his(scene, son)
    _access_log(scene, father)
    _revoke(scene, father, son, mandate)


def _invite(scene: Scene, father: Person) -> str:
    terms = {
        "name": SON,
        "kinship": "son",
        "scopes": ["book", "reminders"],
        "ends_on": (scene.today() + timedelta(days=DAYS)).isoformat(),
    }
    answer = father.post("/resident/me/proxies/invitations", terms)
    invited = answer.status == 201
    words = f"a code of {len(answer['code'])} letters" if invited else answer.words
    what = "invites his son to book for him and be reminded, on his own phone"
    scene.tell.need(father.name, what, words, right=invited)
    return str(answer["code"])


def _accept(scene: Scene, son: Person, code: str) -> str:
    answer = son.post("/resident/me/people", {"code": code})
    accepted = answer.status == 201 and answer["state"] == "active"
    words = f"{answer['kinship_text']} of {answer['person']}" if accepted else answer.words
    scene.tell.need(son.name, "accepts with the code", words, right=accepted)
    return str(answer["id"])


def _choose(scene: Scene, son: Person, father: Person) -> None:
    """From here on each of the son's requests names the father."""
    people = son.get("/resident/me/people")["items"]
    family = [one for one in people if one["resident_id"] == father.person]
    words = "、".join(f"{one['name']} until {one['until']}" for one in family)
    scene.tell.need(son.name, "looks for whom he may act", words, right=len(family) == 1)
    son.person = father.person


def _book(scene: Scene, son: Person) -> dict[str, Any]:
    session = _offered(scene)
    answer = son.post("/resident/bookings", {"session_id": session["id"]})
    booked = answer.status == 201
    words = f"no. {answer['seat_number']}, {answer['done_by']}" if booked else answer.words
    right = booked and answer["done_by"] == "儿子代办"
    scene.tell.need(son.name, f"books a seat of {session['specialty']} for him", words, right=right)
    told = {name: answer.headers.get(name) for name in FOR_HIM}
    words = ", ".join(f"{name}: {value}" for name, value in told.items())
    scene.tell.check("The answer", "says for whom it was", words, right=told == FOR_HIM)
    return dict(answer.body)


def _offered(scene: Scene) -> dict[str, Any]:
    """A session with free seats, of a specialty that families are told of."""
    free = [one for one in bookable(scene) if _is_told(scene, one["specialty"])]
    words = f"{free[0]['specialty']}, {free[0]['day']}" if free else "nothing is offered"
    scene.tell.need(SON, "looks for a clinic with free seats", words, right=bool(free))
    return free[0]


def _is_told(scene: Scene, specialty: str) -> bool:
    about = Traits(specialty=specialty)
    return not any(kind.covers(about) for kind in SENSITIVE.on(scene.today()).categories.values())


def _listed(scene: Scene, father: Person, booking: dict[str, Any]) -> None:
    answer = father.get("/resident/bookings")
    his: dict[str, Any] = next((one for one in answer["items"] if one["id"] == booking["id"]), {})
    right = his.get("done_by") == "儿子代办" and answer.headers.get("jiayi-acting") == "self"
    words = f"{his.get('expert_name')}, {his.get('institution_name')}, {his.get('done_by')}"
    scene.tell.check(father.name, "looks at his bookings", words, right=right)


def _not_his(scene: Scene, son: Person) -> None:
    """What the father did not let him do, and what nobody can let him do."""
    team = son.get("/open/teams/nearest?" + _home(scene)).body[0]
    answer = son.post("/resident/contracts", {"team_id": team["id"], "months": 12})
    _refused(scene, son, "would sign a contract for him", answer, (403, "scope-needed"))
    answer = son.get("/resident/me/access-log")
    _refused(scene, son, "would read who was shown his record", answer, (403, "not-for-proxies"))


def _home(scene: Scene) -> str:
    return "&".join(f"{name}={degrees}" for name, degrees in scene.stage.home.items())


def _access_log(scene: Scene, father: Person) -> None:
    def said() -> list[str]:
        return [line["text"] for line in father.get("/resident/me/access-log")["items"]]

    lines = until(said, bool)
    booked = [line for line in lines if "您的儿子 办理了" in line and "您授权的家人" in line]
    words = "；".join(booked) or f"{len(lines)} lines, none of them of his son"
    scene.tell.check(father.name, "reads who was shown his record", words, right=bool(booked))


def _revoke(scene: Scene, father: Person, son: Person, mandate: str) -> None:
    answer = father.delete(f"/resident/me/proxies/{mandate}")
    ended = answer.status == 200 and answer["state"] == "ended"
    words = answer["state"] if ended else answer.words
    scene.tell.check(father.name, "takes it back with one call", words, right=ended)
    answer = son.get("/resident/bookings")
    _refused(scene, son, "asks for his father's bookings at once", answer, (404, "not-your-person"))


def _refused(scene: Scene, who: Person, what: str, answer: Answer, as_: tuple[int, str]) -> None:
    right = (answer.status, answer.code) == as_
    scene.tell.check(who.name, what, answer.words, right=right)
