"""What entry points need of the running app: its clock, its region, a context."""

from datetime import datetime
from uuid import UUID

from flask import current_app

from backend.kernel.clock import Clock
from backend.kernel.context import CLOCK, Actor, Context, Proxy
from config.settings import Settings


def settings() -> Settings:
    """The settings the running app was assembled with."""
    found: Settings = current_app.extensions["settings"]
    return found


def moment() -> datetime:
    """The business instant; entry points alone ask, once per request or batch."""
    clock: Clock = current_app.extensions["clock"]
    return clock.now()


def context(
    actor: Actor,
    at: datetime,
    resident: UUID | None = None,
    *,
    request_id: str = "",
    proxy: Proxy | None = None,
    consent: str | None = None,
) -> Context:
    """A context of one request or batch."""
    region = current_app.extensions["region"]
    return Context(actor, at, region, resident, request_id, proxy, consent)


def now() -> Context:
    """The context of what happens by itself."""
    return context(CLOCK, moment())
