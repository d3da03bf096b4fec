"""The simulator's own interface under `/_sim`: what phones and fate would do."""

from collections.abc import Callable, Mapping
from typing import Any

from .platform import Platform
from .users import User

Handler = Callable[[Platform, Mapping[str, str], Any], Any]


class Rejected(Exception):
    """A control call that cannot be done, with its HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _each(body: Any, act: Callable[[dict[str, Any]], Any]) -> Any:
    """One object gives one result, a list a list."""
    return [act(one) for one in body] if isinstance(body, list) else act(body)


def _user(platform: Platform, record: dict[str, Any]) -> User:
    user = platform.users.by_openid.get(record["openid"])
    if user is None:
        raise Rejected(404, "no such user")
    return user


def enrol(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Create or get users."""
    return _each(body, lambda record: platform.users.enrol(record).shown())


def list_users(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """Every user with the messages they still agreed to."""
    return {"users": [user.shown() for user in platform.users.by_openid.values()]}


def login_code(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """What `wx.login` gives the mini-program."""
    return {"code": platform.login_codes.mint(_user(platform, body).openid)}


def phone_code(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """What the phone-number button gives the mini-program."""
    user = _user(platform, body)
    if not user.phone:
        raise Rejected(409, "this user has no phone number")
    return {"code": platform.phone_codes.mint(user.openid)}


def popup(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """The subscription popup is answered; the results are what the client would be told."""
    return _each(body, lambda record: _answer_popup(platform, record))


def _answer_popup(platform: Platform, record: dict[str, Any]) -> dict[str, str]:
    user, answer = _user(platform, record), record.get("answer", "accept")
    if answer not in ("accept", "reject"):
        raise Rejected(400, "answer is accept or reject")
    ids = [str(one) for one in record["template_ids"]]
    for unknown in set(ids) - platform.templates.keys():
        raise Rejected(404, f"no such template: {unknown}")
    if answer == "accept":
        platform.users.grant(user.openid, ids, int(record.get("times", 1)))
    answers = dict.fromkeys(ids, answer)
    if not record.get("quiet"):
        platform.postman.popup(user.openid, answers, int(record.get("times", 1)))
    return answers


def define_templates(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Register message templates."""
    return _each(body, lambda record: platform.define(record).listed())


def list_templates(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """Every template."""
    return {"templates": [template.listed() for template in platform.templates.values()]}


def know_people(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Register persons with the real-name provider."""
    people = body if isinstance(body, list) else [body]
    platform.users.know(people)
    return {"registered": len(people), "known": len(platform.users.persons)}


def arm_fault(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Let something go wrong."""
    platform.faults.arm(body)
    return list_faults(platform, {}, None)


def list_faults(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """What is armed."""
    return {"faults": platform.faults.listed()}


def clear_faults(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """Let everything go well again."""
    platform.faults.armed.clear()
    return {"faults": []}


def set_latency(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """How long every send takes from now on."""
    platform.latency = max(0.0, float(body["seconds"]))
    return {"seconds": platform.latency}


def set_limits(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Change the daily number of sends or the logins a user may try in a minute."""
    platform.daily.limit = int(body.get("daily_sends", platform.daily.limit))
    platform.login_rate.limit = int(body.get("logins_per_minute", platform.login_rate.limit))
    return {"daily_sends": platform.daily.limit, "logins_per_minute": platform.login_rate.limit}


def advance_clock(platform: Platform, _query: Mapping[str, str], body: Any) -> Any:
    """Move the platform's clock forward, so that tokens and codes expire."""
    platform.clock.advance(float(body["seconds"]))
    return {"offset_seconds": platform.clock.offset, "now": platform.clock.local().isoformat()}


def ledger(platform: Platform, query: Mapping[str, str], _body: Any) -> Any:
    """Delivered messages in order."""
    messages = platform.ledger.messages(query.get("openid"), int(query.get("after_seq", 0)))
    if "template_id" in query:
        messages = [one for one in messages if one["template_id"] == query["template_id"]]
    if "limit" in query:
        messages = messages[: int(query["limit"])]
    return {"messages": messages, "last_seq": len(platform.ledger.lines)}


def stats(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """How often each path gave each answer."""
    traffic = platform.traffic
    return {
        "calls": {path: dict(count) for path, count in traffic.calls.items()},
        "delivered": len(platform.ledger.lines),
        "in_flight_peak": dict(traffic.peak),
        "in_flight_peak_max": max(traffic.peak.values(), default=0),
    }


def reset(platform: Platform, _query: Mapping[str, str], _body: Any) -> Any:
    """Forget everything but the account and the templates given at the start."""
    platform.reset()
    return {"reset": True}


CONTROLS: dict[tuple[str, str], Handler] = {
    ("POST", "/_sim/users"): enrol,
    ("GET", "/_sim/users"): list_users,
    ("POST", "/_sim/codes"): login_code,
    ("POST", "/_sim/phone-codes"): phone_code,
    ("POST", "/_sim/popups"): popup,
    ("POST", "/_sim/templates"): define_templates,
    ("GET", "/_sim/templates"): list_templates,
    ("POST", "/_sim/people"): know_people,
    ("POST", "/_sim/faults"): arm_fault,
    ("GET", "/_sim/faults"): list_faults,
    ("DELETE", "/_sim/faults"): clear_faults,
    ("POST", "/_sim/latency"): set_latency,
    ("POST", "/_sim/limits"): set_limits,
    ("POST", "/_sim/clock"): advance_clock,
    ("GET", "/_sim/ledger"): ledger,
    ("GET", "/_sim/stats"): stats,
    ("POST", "/_sim/reset"): reset,
}
