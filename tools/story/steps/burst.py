"""A burst of reminders, and a jobs process that is killed in the middle of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tools.story.scene import Scene
from tools.story.telling import until

TITLE = "During a burst of reminders the jobs process is killed; none is lost, none comes twice"
NEEDS = ["/demo/bursts", "/resident/messages"]
TEMPLATE = "JIAYI-DEMO"
WHO = "The jobs process"
EACH_SEND = 0.1
FINAL = {"sent", "unknown", "failed", "withdrawn"}


def play(scene: Scene) -> None:
    """Kill it when about a third is delivered, and compare both sides' books afterwards."""
    before = _let_all_agree(scene)
    _latency(scene, EACH_SEND)
    try:
        path = _kill_in_the_middle(scene, before)
    finally:
        _latency(scene, 0)
    notices = until(lambda: scene.stage.api.ask("GET", path)["notices"], _all_final, 75)
    _compare(scene, notices, Counter(_ledger(scene, before)))


def _kill_in_the_middle(scene: Scene, before: int) -> str:
    """Where the burst can be asked after."""
    count = scene.burst
    burst = scene.stage.api.ask("POST", "/api/v1/demo/bursts", {"count": count})
    scene.tell.need("The region", "queues", f"{count} reminders", right=burst.status == 201)
    delivered = until(lambda: len(_ledger(scene, before)), lambda n: n >= count // 3, 30)
    scene.stage.kill_jobs()
    words, amid = f"{delivered} of {count} delivered", 0 < delivered < count
    scene.tell.check(WHO, "is killed with -9 and started again", words, right=amid)
    return f"/api/v1/demo/bursts/{burst['id']}"


def _latency(scene: Scene, seconds: float) -> None:
    """How long WeChat takes for each message."""
    scene.stage.simulator.ask("POST", "/_sim/latency", {"seconds": seconds})


def _let_all_agree(scene: Scene) -> int:
    """Every neighbour accepts the popup often enough; the ledger's last number until now."""
    simulator = scene.stage.simulator
    users = simulator.ask("GET", "/_sim/users")["users"]
    agreed = [
        {"openid": user["openid"], "template_ids": [TEMPLATE], "times": scene.burst}
        for user in users
        if user["openid"].startswith("demo-neighbour-")
    ]
    simulator.ask("POST", "/_sim/popups", agreed)
    return int(simulator.ask("GET", "/_sim/ledger?limit=0")["last_seq"])


def _ledger(scene: Scene, before: int) -> list[str]:
    """The numbers that WeChat has delivered since."""
    query = f"/_sim/ledger?template_id={TEMPLATE}&after_seq={before}"
    found = scene.stage.simulator.ask("GET", query)["messages"]
    return [message["data"]["number2"] for message in found]


def _all_final(notices: Sequence[Mapping[str, Any]]) -> bool:
    return all(notice["state"] in FINAL for notice in notices)


def _compare(scene: Scene, notices: Sequence[Mapping[str, Any]], delivered: Counter[str]) -> None:
    count = scene.burst
    states = Counter(notice["state"] for notice in notices)
    of = {notice["number"]: notice["state"] for notice in notices}
    check = scene.tell.check
    check("The sender", "is through", dict(states), right=_all_final(notices) and len(of) == count)
    lost = [number for number, state in of.items() if state == "sent" and not delivered[number]]
    lost += [number for number, state in of.items() if state in {"failed", "withdrawn"}]
    check("The ledger", "lacks of those marked sent", len(lost), right=not lost)
    doubled = [number for number, times in delivered.items() if times > 1]
    check("The ledger", "has twice", len(doubled), right=not doubled)
    hidden = [n for n in delivered if of.get(n) not in {"sent", "unknown"}]
    in_doubt = states["unknown"]
    words = f"{in_doubt} in doubt, all of them marked unknown"
    check("Whoever asks", "learns what is certain", words, right=not hidden and in_doubt < count)
