"""A hospital's cardiologist in her own centre, and a numbered seat."""

from datetime import datetime
from typing import Any

from tools.story.scene import Scene
from tools.story.telling import until

TITLE = "She books a numbered seat with a hospital's cardiologist in her own centre"
NEEDS = ["/open/clinics/sessions", "/resident/bookings", "/doctor/clinics/sessions"]
SPECIALTY = "心内科"
DAYS = "一二三四五六日"


def play(scene: Scene) -> None:
    """Book, see it, cancel, book again; a full session refuses clearly."""
    session = _look(scene)
    booking = _book(scene, session, "books a seat")
    _listed(scene, booking, "booked")
    _twice(scene, session)
    _cancel(scene, booking)
    again = _book(scene, session, "books again")
    _listed(scene, again, "booked")
    _full(scene)


def sessions(scene: Scene, specialty: str = "") -> list[dict[str, Any]]:
    """What is held in her centre from now on."""
    query = f"institution_id={scene.house}&limit=100"
    query += f"&specialty={specialty}" if specialty else ""
    return list(scene.resident.get(f"/open/clinics/sessions?{query}")["items"])


def bookable(scene: Scene, specialty: str = "") -> list[dict[str, Any]]:
    """Of these the ones with free seats; awaited, for after a leap of the clock they are made."""

    def found() -> list[dict[str, Any]]:
        return [one for one in sessions(scene, specialty) if one["standing"] == "bookable"]

    return until(found, bool)


def _look(scene: Scene) -> dict[str, Any]:
    offered = bookable(scene, SPECIALTY)
    scene.tell.need(
        scene.resident.name,
        f"looks for {SPECIALTY} in her centre",
        _shown(offered[0]) if offered else "nothing is offered",
        right=bool(offered),
    )
    first: dict[str, Any] = offered[0]
    same = [one for one in sessions(scene, SPECIALTY) if one["expert_id"] == first["expert_id"]]
    weekdays = {_local(one["starts_at"]).weekday() for one in same}
    words = f"every 星期{DAYS[min(weekdays)]}"
    who = f"{first['expert_name']} ({first['expert_title']})"
    scene.tell.check(who, "sits there", words, right=len(weekdays) == 1)
    return first


def _book(scene: Scene, session: dict[str, Any], what: str) -> dict[str, Any]:
    answer = scene.resident.post("/resident/bookings", {"session_id": session["id"]})
    booked = answer.status == 201
    words = f"no. {answer['seat_number']}, {_window(answer.body)}" if booked else answer.words
    scene.tell.need(scene.resident.name, what, words, right=booked)
    return dict(answer.body)


def _listed(scene: Scene, booking: dict[str, Any], state: str) -> None:
    found = {one["id"]: one for one in scene.resident.get("/resident/bookings")["items"]}
    hers = found.get(booking["id"], {})
    words = f"{hers.get('expert_name')}, {hers.get('institution_name')}, {hers.get('state')}"
    right = hers.get("state") == state
    scene.tell.check(scene.resident.name, "looks at her bookings", words, right=right)


def _twice(scene: Scene, session: dict[str, Any]) -> None:
    answer = scene.resident.post("/resident/bookings", {"session_id": session["id"]})
    right = answer.status == 409 and answer.code == "already-booked"
    scene.tell.check(scene.resident.name, "wants a second seat there", answer.words, right=right)


def _cancel(scene: Scene, booking: dict[str, Any]) -> None:
    answer = scene.resident.post(f"/resident/bookings/{booking['id']}/cancellation")
    state = answer.body.get("state", answer.words)
    scene.tell.check(scene.resident.name, "cancels", state, right=state == "cancelled")
    _listed(scene, booking, "cancelled")


def _full(scene: Scene) -> None:
    """Others take what is left of the smallest session; then she asks for a seat there."""
    offered = [one for one in sessions(scene) if one["standing"] in {"bookable", "full"}]
    small = min(offered, key=lambda one: (one["free"], one["capacity"]))
    for _ in range(small["free"]):
        neighbour = scene.neighbour("赵某")
        neighbour.post("/resident/bookings", {"session_id": small["id"]})
    answer = scene.resident.post("/resident/bookings", {"session_id": small["id"]})
    right = answer.status == 409 and answer.code == "session-full"
    what = f"asks for a seat of a session whose {small['capacity']} seats are taken"
    scene.tell.check(scene.resident.name, what, answer.words, right=right)


def _local(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(Scene.ZONE)


def _window(booking: dict[str, Any]) -> str:
    begins, ends = _local(booking["starts_at"]), _local(booking["ends_at"])
    return f"{begins:%Y-%m-%d %H:%M}–{ends:%H:%M}"


def _shown(session: dict[str, Any]) -> str:
    return f"{session['expert_name']}, {_window(session)}, {session['free']} seats left"
