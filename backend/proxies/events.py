"""What has happened between a person and the family members who act for them."""

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.events import Event
from backend.proxies.models import EndReason


@dataclass(frozen=True)
class ProxyInvited(Event):
    """A person made an invitation for a family member."""

    resident_id: UUID
    mandate_id: UUID


@dataclass(frozen=True)
class ProxyAsked(Event):
    """Somebody asked to act for a person, who is empty where nobody is known by that name."""

    resident_id: UUID | None
    mandate_id: UUID


@dataclass(frozen=True)
class ProxyRecorded(Event):
    """A member of staff recorded it with the person present; a witness has to confirm."""

    resident_id: UUID
    mandate_id: UUID
    institution_id: UUID


@dataclass(frozen=True)
class ProxyBegan(Event):
    """From now a family member may act for the person."""

    resident_id: UUID
    mandate_id: UUID
    proxy_id: UUID
    is_guardian: bool


@dataclass(frozen=True)
class ProxyChanged(Event):
    """The person changed what the family member may do."""

    resident_id: UUID
    mandate_id: UUID
    proxy_id: UUID
    scopes: str


@dataclass(frozen=True)
class ProxyDeclined(Event):
    """The person said no to who asked, or took an invitation back."""

    resident_id: UUID
    mandate_id: UUID


@dataclass(frozen=True)
class GuardianNarrowed(Event):
    """The child has a say from now on: the guardian may do less."""

    resident_id: UUID
    mandate_id: UUID
    proxy_id: UUID


@dataclass(frozen=True)
class ProxyEnded(Event):
    """The family member may not act for the person any more."""

    resident_id: UUID
    mandate_id: UUID
    proxy_id: UUID
    reason: EndReason
