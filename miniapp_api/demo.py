"""What only a demo and tests offer: the business clock, the cast, and a page to try it all."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, send_from_directory
from flask_smorest import Api as Smorest
from marshmallow import Schema

from backend import identity, messaging
from backend.kernel import clock, entry
from backend.kernel.context import Context, Role
from backend.kernel.errors import Fault, Invalid
from backend.kernel.ids import new_id
from config.settings import ROOT
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes

ASSETS = ROOT / "miniapp_api" / "assets"
INVENTED = "demo-neighbour-"
FURTHEST = timedelta(days=400)

api = Api("demo", Audience.DEMO)
pages = Blueprint("demo-pages", __name__)


def register(app: Flask, routes: Smorest) -> None:
    """Serve `/demo` and `/api/v1/demo`; never called in production."""
    routes.register_blueprint(api)
    app.register_blueprint(pages)


class ClockSchema(Schema):
    """The business instant."""

    now = fields.AwareDateTime(required=True)


class MoveSchema(StrictSchema):
    """Where the business clock shall stand."""

    to = fields.AwareDateTime(required=True)


class PersonSchema(Schema):
    """One of the cast, and who they are to WeChat."""

    key = fields.Text(40, required=True)
    role = fields.choice(Role, required=True)
    name = fields.Text(50, required=True)
    openid = fields.Text(64, required=True)
    about = fields.Text(required=True)


class HomeSchema(Schema):
    """A place in degrees, GCJ-02."""

    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)


class CastSchema(Schema):
    """Everybody a visitor may become, where they live, and where their WeChat is simulated."""

    simulator = fields.Text(required=True, allow_none=True)
    home = fields.Nested(HomeSchema, required=True, allow_none=True)
    people = fields.List(fields.Nested(PersonSchema), required=True)


class BurstSchema(StrictSchema):
    """How many notices at once."""

    count = fields.Whole(1, 1000, required=True)


class NoticeSchema(Schema):
    """One notice of a burst, and what became of it."""

    number = fields.Text(10, required=True, attribute="occasion")
    state = fields.choice(messaging.State, required=True)
    reason = fields.choice(messaging.Reason, required=True, allow_none=True)


class NoticesSchema(Schema):
    """A burst, its notices in the order of their numbers."""

    id = fields.UUID(required=True)
    notices = fields.List(fields.Nested(NoticeSchema), required=True)


class PlannedSchema(Schema):
    """A message for a resident, those of the future included."""

    kind = fields.choice(messaging.MessageKind, required=True)
    state = fields.choice(messaging.State, required=True)
    due_at = fields.AwareDateTime(required=True)


@api.get("/clock")
@gives(ClockSchema)
def read_clock(ctx: Context) -> dict[str, Any]:
    """演示时间 · The instant that all processes of the demo live in."""
    return {"now": ctx.at}


@api.post("/clock")
@takes(MoveSchema)
@gives(ClockSchema)
def move_clock(ctx: Context, *, to: datetime) -> dict[str, Any]:
    """拨快演示时间 · Forward only, at most 400 days at once; the machine's clock stays."""
    if to - ctx.at > FURTHEST:
        raise Invalid(faults=[Fault("/to", f"一次最多拨快 {FURTHEST.days} 天")])
    return {"now": clock.shift(to)}


@api.get("/people")
@gives(CastSchema)
def people(_ctx: Context) -> dict[str, Any]:
    """演示人物 · All of them are invented."""
    cast = _cast()
    first = identity.residents(entry.now(), identity.residents_called(cast[0]["openid"]))
    home = next(iter(first.values()), None)
    return {"simulator": entry.settings().simulator_url, "home": home, "people": cast}


@api.post("/bursts")
@takes(BurstSchema)
@gives(NoticesSchema, 201)
def burst(ctx: Context, *, count: int) -> dict[str, Any]:
    """一阵提醒 · Queue so many notices to the demo's residents, for the story to watch."""
    burst_id = new_id()
    invented = identity.residents_called(INVENTED)
    for number, resident in enumerate(islice(cycle(invented), count), 1):
        messaging.queue(
            ctx,
            messaging.MessageKind.DEMO_NOTICE,
            messaging.To.resident(resident),
            burst_id,
            str(number),
            {"number": str(number)},
        )
    return {"id": burst_id, "notices": messaging.about(burst_id)}


@api.get("/bursts/<uuid:burst_id>")
@gives(NoticesSchema)
def burst_now(_ctx: Context, burst_id: UUID) -> dict[str, Any]:
    """这阵提醒到哪了 · What became of each notice."""
    return {"id": burst_id, "notices": messaging.about(burst_id)}


@api.get("/residents/<uuid:resident_id>/messages")
@gives(PlannedSchema(many=True))
def planned(_ctx: Context, resident_id: UUID) -> Sequence[messaging.Message]:
    """已安排的提醒 · What a resident was sent and will be sent, by time, without its words."""
    return messaging.planned_for(resident_id)


@cache
def _cast() -> list[dict[str, Any]]:
    told = tomllib.loads((ROOT / "config" / "demo_cast.toml").read_text("utf-8"))
    return [person | {"role": Role(person["role"])} for person in told["person"]]


@pages.get("/demo")
def page() -> Response:
    """The page on which a visitor becomes any of them."""
    return send_from_directory(ASSETS, "demo.html")


@pages.get("/demo/<any('demo.css', 'demo.js'):name>")
def asset(name: str) -> Response:
    """What the page is made of; it needs no other server."""
    return send_from_directory(ASSETS, name)
