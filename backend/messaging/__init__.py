"""消息 Messaging: delivers one message to one person; knows no other feature."""

from backend.messaging.models import Message, Reason, State
from backend.messaging.rules import DoesNotFit, as_date, as_time
from backend.messaging.service import To, queue, withdraw
from backend.messaging.wording import MessageKind

__all__ = [
    "DoesNotFit",
    "Message",
    "MessageKind",
    "Reason",
    "State",
    "To",
    "as_date",
    "as_time",
    "queue",
    "withdraw",
]
