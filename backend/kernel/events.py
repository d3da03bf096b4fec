"""What has happened, written once with the change itself; what follows, delivered later."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol, get_type_hints
from uuid import UUID

import orjson
from flask import current_app
from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel import hot
from backend.kernel.context import Context, Kinship, Role
from backend.kernel.database import Base
from backend.kernel.ids import new_id


class Event:
    """Something that happened: a frozen dataclass of ids, dates, numbers and codes, never names.

    `resident_id`, where an event has it, says for whom.
    """

    kinds: ClassVar[dict[str, type["Event"]]] = {}
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.name = f"{cls.__module__.split('.')[1]}.{cls.__name__}"
        Event.kinds[cls.name] = cls


Reaction = Callable[[Context, Any], None]
Reactions = Mapping[type[Event], Sequence[Reaction]]


class DeliveryState(StrEnum):
    """Where the handing-over of an event to one reaction stands."""

    PENDING = "pending"
    DONE = "done"
    QUARANTINED = "quarantined"


class EventRow(Base):
    """One immutable row: what, who, for whom, when. The app role may only insert and read."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "resident_id"),)
    name: Mapped[str]
    actor_id: Mapped[UUID]
    actor_role: Mapped[Role]
    by_kinship: Mapped[Kinship | None]
    resident_id: Mapped[UUID | None]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Delivery(Base):
    """An event on its way to one reaction; only the relay changes it."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(None, "next_at", postgresql_where=text("state = 'pending'")),
        Index(None, "event_id"),
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id"))
    reaction: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(server_default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None]


class _App(Protocol):
    extensions: dict[str, Any]


def bind(app: _App, reactions: Reactions) -> None:
    """Tell an app what follows from which event."""
    app.extensions["reactions"] = {
        kind: {reaction_name(reaction): reaction for reaction in following}
        for kind, following in reactions.items()
    }


def reaction_name(reaction: Reaction) -> str:
    """How a delivery names its reaction: `feature.function`."""
    return f"{reaction.__module__.split('.')[1]}.{reaction.__name__}"


def reactions_to(kind: type[Event]) -> Mapping[str, Reaction]:
    """The reactions of the running app to one kind of event, by name."""
    bound: Mapping[str, Reaction] = current_app.extensions["reactions"].get(kind, {})
    return bound


def record(ctx: Context, *happened: Event) -> None:
    """Insert the events and one delivery for each reaction to them, in the caller's transaction."""
    if hot.may_wait() and len(happened) <= FEW:
        for event in happened:
            _leave_for_the_end(ctx, event)
    elif happened:
        _record(ctx, happened)


def _leave_for_the_end(ctx: Context, event: Event) -> None:
    row = _row(ctx, event)
    hot.last(_ONE, row)
    for reaction in reactions_to(type(event)):
        hot.last(_ONE_DELIVERY, {"id": new_id(), "event": row["id"], "reaction": reaction})


def _record(ctx: Context, happened: Sequence[Event]) -> None:
    rows = [_row(ctx, event) for event in happened]
    deliveries = [
        {"id": new_id(), "event_id": row["id"], "reaction": reaction}
        for row, event in zip(rows, happened, strict=True)
        for reaction in reactions_to(type(event))
    ]
    events = [row | {"payload": orjson.Fragment(row["payload"])} for row in rows]
    write = hot.last if hot.may_wait() else hot.row
    write(_RECORD, {"events": _json(events), "deliveries": _json(deliveries)})


def _row(ctx: Context, event: Event) -> dict[str, Any]:
    return {
        "id": new_id(),
        "name": event.name,
        "actor_id": ctx.actor.id,
        "actor_role": ctx.actor.role,
        "by_kinship": ctx.by_kinship,
        "resident_id": getattr(event, "resident_id", ctx.resident),
        "at": ctx.at,
        "payload": _json(encode(event)),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


# So few travel one by one with the COMMIT, which costs less than a list taken apart.
FEW = 3
_ONE = """
INSERT INTO event (id, name, actor_id, actor_role, by_kinship, resident_id, at, payload)
VALUES (%(id)s, %(name)s, %(actor_id)s, %(actor_role)s, %(by_kinship)s, %(resident_id)s, %(at)s,
  %(payload)s::jsonb)
"""
_ONE_DELIVERY = """
INSERT INTO delivery (id, event_id, reaction) VALUES (%(id)s, %(event)s, %(reaction)s)
"""
# One round trip however many there are.
_RECORD = """
WITH happened AS (
  INSERT INTO event (id, name, actor_id, actor_role, by_kinship, resident_id, at, payload)
  SELECT * FROM jsonb_to_recordset(%(events)s::jsonb) AS e (
    id uuid, name text, actor_id uuid, actor_role text, by_kinship text, resident_id uuid,
    at timestamptz, payload jsonb)
)
INSERT INTO delivery (id, event_id, reaction)
SELECT * FROM jsonb_to_recordset(%(deliveries)s::jsonb) AS d (id uuid, event_id uuid, reaction text)
"""


def encode(event: Event) -> dict[str, Any]:
    """The event's fields as JSON values."""
    return {name: _plain(getattr(event, name)) for name in _names(event.__class__)}  # type: ignore[arg-type]


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple([field.name for field in dataclasses.fields(kind)])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID | date | StrEnum):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def decode(name: str, payload: Mapping[str, Any]) -> Event:
    """The event as it was recorded; fields it did not have then take their default."""
    kind = Event.kinds[name]
    hints = get_type_hints(kind)
    return kind(**{key: _typed(hints[key], value) for key, value in payload.items()})


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    options = getattr(hint, "__args__", ())
    wanted = next((option for option in options if option is not type(None)), hint)
    if isinstance(value, list):
        return tuple(_typed(wanted, item) for item in value)
    if wanted is datetime or wanted is date:
        return wanted.fromisoformat(value)
    if isinstance(wanted, type) and issubclass(wanted, UUID | StrEnum):
        return wanted(value)
    return value
