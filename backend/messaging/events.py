"""What happened to the sending of messages as a whole."""

from dataclasses import dataclass
from uuid import UUID

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


@dataclass(frozen=True)
class MessageReplayed(Event):
    """An operator (an account of the machine) let a message be sent once more."""

    message_id: UUID
    operator: str


@dataclass(frozen=True)
class MessageCancelled(Event):
    """An operator (an account of the machine) took a message back."""

    message_id: UUID
    operator: str


@dataclass(frozen=True)
class RemindersTuned(Event):
    """A person said when, how often and of what to be reminded."""

    resident_id: UUID
