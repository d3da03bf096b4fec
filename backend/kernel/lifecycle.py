"""A lifecycle is a table: what is not listed cannot happen."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from backend.kernel.errors import Conflict

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


class IllegalMove(Conflict):
    """The act is not possible in the present state (again, or too early)."""

    code = "illegal-move"
    title = "现在不能这样操作"
    advice = "这件事已经办过，或现在还不能办，请刷新后再看。"


class Lifecycle(Generic[S, A]):
    """Moves of one kind of row, as `{(state, act): next state}`."""

    def __init__(self, moves: Mapping[tuple[S, A], S]) -> None:
        self.moves = dict(moves)

    def after(self, state: S, act: A) -> S:
        """The state that follows; raises `IllegalMove`."""
        try:
            return self.moves[state, act]
        except KeyError:
            raise IllegalMove from None

    def acts(self, state: S) -> list[A]:
        """What may be done now, in the table's order."""
        return [act for (at, act) in self.moves if at == state]

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = [f"    {at} --> {to}: {act}" for (at, act), to in self.moves.items()]
        return "\n".join(["stateDiagram-v2", *lines])
