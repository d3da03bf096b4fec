"""What a sender has in its hands, and what it gives back."""

from dataclasses import dataclass, field
from uuid import UUID

from backend.messaging.answers import Outcome
from backend.messaging.wording import MessageKind


@dataclass(frozen=True, slots=True)
class Sms:
    """A text to one phone: the number as +8613…, a template and what stands in its {1}, {2} …

    `can_wait`: tomorrow will do where the provider takes no more for this phone today.
    """

    id: UUID
    phone: str = field(repr=False)
    template_id: str
    params: tuple[str, ...]
    can_wait: bool = True


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in one sender's hands, and where it goes."""

    id: UUID
    token: UUID
    kind: MessageKind
    openid: str
    template_id: str
    page: str
    content: str
    attempts: int
    sms: Sms | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claimed message."""

    id: UUID
    token: UUID
    outcome: Outcome
