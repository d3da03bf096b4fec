"""What has happened in draws."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class DrawAnnounced(Event):
    """A seed was made and sealed, and its SHA-256 published."""

    draw_id: UUID
    session_id: UUID
    commitment: str


@dataclass(frozen=True)
class DrawForgone(Event):
    """A session was made too late for a draw: its seats go to whoever comes first."""

    session_id: UUID


@dataclass(frozen=True)
class DrawJoined(Event):
    """A resident takes part in a draw."""

    resident_id: UUID
    entry_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class DrawLeft(Event):
    """A resident takes part no longer."""

    resident_id: UUID
    entry_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class DrawClosed(Event):
    """The list of a draw is final, and its digest published."""

    draw_id: UUID
    session_id: UUID
    digest: str
    entries: int


@dataclass(frozen=True)
class DrawHeld(Event):
    """A draw was held and its seed revealed."""

    draw_id: UUID
    session_id: UUID
    won: int


@dataclass(frozen=True)
class DrawVoided(Event):
    """A draw is void; `why` is a code: session not held, too late, list or seed changed."""

    draw_id: UUID
    session_id: UUID
    why: str


@dataclass(frozen=True)
class DrawLost(Event):
    """A resident's ticket was not drawn, or passed over."""

    resident_id: UUID
    entry_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class EntryVoided(Event):
    """The draw that a resident takes part in is void."""

    resident_id: UUID
    entry_id: UUID
    session_id: UUID
