"""What somebody who leaves had in hand: each feature tells of its own, and moves what it can."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from flask import current_app

from backend.kernel.context import Context


@dataclass(frozen=True, slots=True)
class OpenWork:
    """One thing in somebody's hands; `moves` if it can be given to somebody else as it is."""

    subject_id: UUID
    resident_id: UUID | None
    on: date | None
    moves: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """How a feature lists what is open with a member of staff, and gives it to a successor.

    `hand_over(ctx, from, to)` answers how many were moved; `None` where nothing can be.
    """

    open_work: Callable[[Context, UUID], Sequence[OpenWork]]
    hand_over: Callable[[Context, UUID, UUID], int] | None = None


Handovers = Mapping[str, Handover]


class _App(Protocol):
    extensions: dict[str, Any]


def bind(app: _App, handovers: Handovers) -> None:
    """Tell an app what its features contribute."""
    app.extensions["handovers"] = handovers


def everything(ctx: Context, staff_id: UUID) -> Iterator[tuple[str, OpenWork]]:
    """What is open with this member of staff, by kind of work."""
    for kind, handover in _bound().items():
        for work in handover.open_work(ctx, staff_id):
            yield kind, work


def move(ctx: Context, staff_id: UUID, successor_id: UUID) -> int:
    """Give what can be moved to the successor; returns how many."""
    movable = [handover.hand_over for handover in _bound().values() if handover.hand_over]
    return sum(hand_over(ctx, staff_id, successor_id) for hand_over in movable)


def _bound() -> Handovers:
    bound: Handovers = current_app.extensions["handovers"]
    return bound
