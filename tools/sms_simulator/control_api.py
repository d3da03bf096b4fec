"""The simulator's own interface under `/_sim`: what phones, operators and fate would do."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .callbacks import Callbacks
from .provider import NUMBER, Provider

Body = Mapping[str, Any]
Handler = Callable[["Desk", Mapping[str, str], Any], Awaitable[Any]]
STATES = ("fine", "dead", "off", "refuses")


class Desk:
    """What a control call may touch."""

    def __init__(self, provider: Provider, callbacks: Callbacks) -> None:
        self.provider, self.callbacks = provider, callbacks


async def set_phone(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """What a number is like from now on."""
    if not NUMBER.fullmatch(body["phone"]) or body["state"] not in STATES:
        raise ValueError(f"a phone is +86… and its state one of {', '.join(STATES)}")
    desk.provider.phone(body["phone"]).state = body["state"]
    return {"phone": body["phone"], "state": body["state"]}


async def list_texts(desk: Desk, query: Mapping[str, str], _body: Body) -> Any:
    """What was delivered, in order."""
    texts = desk.provider.texts[int(query.get("after_seq", 0)) :]
    wanted = [one for one in texts if query.get("phone", one["phone"]) == one["phone"]]
    return {"texts": wanted, "last_seq": len(desk.provider.texts)}


async def reply(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Somebody answers a text."""
    await desk.callbacks.reply(body["phone"], body["text"], int(body.get("times", 1)))
    return {"replied": True}


async def receipts(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """How receipts are told: by themselves or held, how often, how late, with our own id."""
    told = desk.callbacks
    told.automatic = bool(body.get("automatic", told.automatic))
    told.delay_s = float(body.get("delay_s", told.delay_s))
    told.with_ext = bool(body.get("with_ext", told.with_ext))
    told.repeat = int(body.get("repeat", told.repeat))
    return {"sent": await told.flush() if body.get("flush") else 0, "waiting": len(told.waiting)}


async def set_urls(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Where callbacks go."""
    desk.callbacks.receipts_url = body.get("receipts", desk.callbacks.receipts_url)
    desk.callbacks.replies_url = body.get("replies", desk.callbacks.replies_url)
    return {"receipts": desk.callbacks.receipts_url, "replies": desk.callbacks.replies_url}


async def post(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Any callback as it stands, to the one address or the other."""
    urls = {"receipts": desk.callbacks.receipts_url, "replies": desk.callbacks.replies_url}
    await desk.callbacks.post(urls[body["to"]], body["body"])
    return desk.callbacks.log[-1]


async def arm_fault(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Let something go wrong."""
    desk.provider.faults.arm(dict(body))
    return {"faults": desk.provider.faults.listed()}


async def clear_faults(desk: Desk, _query: Mapping[str, str], _body: Body) -> Any:
    """Let everything go well again."""
    desk.provider.faults.armed.clear()
    return {"faults": []}


async def set_limits(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """The texts a number may get in a day, and how long every call takes."""
    desk.provider.daily = int(body.get("daily", desk.provider.daily))
    desk.provider.latency = float(body.get("latency_s", desk.provider.latency))
    return {"daily": desk.provider.daily, "latency_s": desk.provider.latency}


async def define_templates(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Approve texts: id → words."""
    desk.provider.templates.update({str(one): str(words) for one, words in body.items()})
    return {"templates": desk.provider.templates}


async def move_clock(desk: Desk, _query: Mapping[str, str], body: Body) -> Any:
    """Move the provider's clock, either way."""
    desk.provider.offset += float(body["seconds"])
    return {"offset_seconds": desk.provider.offset}


async def stats(desk: Desk, _query: Mapping[str, str], _body: Body) -> Any:
    """How often each code was answered; what callbacks were answered with."""
    calls, log = dict(desk.provider.calls), desk.callbacks.log
    return {"codes": calls, "delivered": len(desk.provider.texts), "callbacks": log[-200:]}


async def reset(desk: Desk, _query: Mapping[str, str], _body: Body) -> Any:
    """Forget everything but what was given at the start."""
    desk.provider.reset()
    desk.provider.offset = 0.0
    desk.callbacks.reset()
    return {"reset": True}


CONTROLS: dict[tuple[str, str], Handler] = {
    ("POST", "/_sim/phones"): set_phone,
    ("GET", "/_sim/texts"): list_texts,
    ("POST", "/_sim/replies"): reply,
    ("POST", "/_sim/receipts"): receipts,
    ("POST", "/_sim/urls"): set_urls,
    ("POST", "/_sim/callbacks"): post,
    ("POST", "/_sim/faults"): arm_fault,
    ("DELETE", "/_sim/faults"): clear_faults,
    ("POST", "/_sim/limits"): set_limits,
    ("POST", "/_sim/templates"): define_templates,
    ("POST", "/_sim/clock"): move_clock,
    ("GET", "/_sim/stats"): stats,
    ("POST", "/_sim/reset"): reset,
}
