"""What happened to the sending of messages as a whole."""

from dataclasses import dataclass

from backend.kernel.events import Event


@dataclass(frozen=True)
class SendFenceRaised(Event):
    """Nothing is sent: this database may not know what was sent already."""

    because: str


@dataclass(frozen=True)
class SendFenceLifted(Event):
    """An operator (an account of the machine) let messages go again."""

    operator: str
    in_doubt: int
    sent_again: tuple[str, ...]
