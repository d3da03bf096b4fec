"""What has happened to messages that other features act on."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.kernel.context import Kinship
from backend.kernel.events import Event
from backend.messaging.models import Answer
from backend.messaging.wording import MessageKind


@dataclass(frozen=True)
class MessageAnswered(Event):
    """Somebody answered a message; from `proxy_id` on it tells of the family member who did."""

    resident_id: UUID
    message_id: UUID
    kind: MessageKind
    subject_id: UUID
    answer: Answer
    at: datetime
    account_id: UUID | None = None
    proxy_id: UUID | None = None
    kinship: Kinship | None = None
    scopes: tuple[str, ...] = ()
    is_guardian: bool = False


@dataclass(frozen=True)
class FoundDeadByPhone(Event):
    """Who was called turned out to have died, known since that day at the latest."""

    resident_id: UUID
    call_id: UUID
    staff_id: UUID
    institution_id: UUID
    known_on: date
