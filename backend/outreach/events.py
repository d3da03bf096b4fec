"""What has happened to lists and suggestions."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event


@dataclass(frozen=True)
class ListProposed(Event):
    """A list waits for its family doctor."""

    list_id: UUID
    team_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class ListDecided(Event):
    """A family doctor approved a list, or part of it, or declined it."""

    list_id: UUID
    approved: int


@dataclass(frozen=True)
class SuggestionsRefused(Event):
    """A person wants no more suggestions, of one specialty or at all."""

    resident_id: UUID


@dataclass(frozen=True)
class SuggestionsWanted(Event):
    """A person has nothing against suggestions any more."""

    resident_id: UUID
