"""What has happened to identities."""

from dataclasses import dataclass
from uuid import UUID

from backend.identity.models import DeskAct, Ending, Purpose
from backend.kernel.events import Event


@dataclass(frozen=True)
class ConsentGiven(Event):
    """An account agreed to a text."""

    account_id: UUID
    purpose: Purpose
    version: str


@dataclass(frozen=True)
class ResidentVerified(Event):
    """An account was found to belong to this resident."""

    resident_id: UUID
    account_id: UUID


@dataclass(frozen=True)
class AccountAdded(Event):
    """A person who had accounts has one more; the `others` were there before."""

    resident_id: UUID
    account_id: UUID
    others: tuple[UUID, ...]
    is_seen: bool = False


@dataclass(frozen=True)
class AccountsFreed(Event):
    """These accounts stand for the person no more, and were logged out."""

    resident_id: UUID
    account_ids: tuple[UUID, ...]
    why: Ending


@dataclass(frozen=True)
class DeskRequested(Event):
    """What would give a person's record to another phone, or to none, waits for a colleague.

    `account_ids` stand for the person until then.
    """

    resident_id: UUID
    request_id: UUID
    act: DeskAct
    account_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class SeenAtDesk(Event):
    """The actor saw the person with the original document, and bound the account if one is named.

    The actor of the event is the witness.
    """

    resident_id: UUID
    account_id: UUID | None
    institution_id: UUID | None


@dataclass(frozen=True)
class DocumentAdded(Event):
    """A further document of a person was seen and kept."""

    resident_id: UUID
    document_id: UUID


@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    """Somebody took back the consent to one text."""

    account_id: UUID
    purpose: str
    version: str
    resident_id: UUID | None = None


@dataclass(frozen=True)
class SessionsEnded(Event):
    """Devices were logged out before their time."""

    session_ids: tuple[UUID, ...]
    why: Ending


@dataclass(frozen=True)
class CategoryChosen(Event):
    """A person keeps a category from family members, or shows it to them."""

    resident_id: UUID
    category: str
    is_hidden: bool
