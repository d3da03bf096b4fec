"""What each kind of message says, as data: template, texts and page, fit for a lock screen."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from backend.kernel import figures
from backend.kernel.calendar import shanghai_date
from backend.messaging.rules import DoesNotFit, as_date, as_time, fit, kind_of
from config.settings import ROOT


class MessageKind(StrEnum):
    """Why somebody is written to."""

    FOLLOW_UP_DUE = "follow_up_due"
    FOLLOW_UP_TASK = "follow_up_task"
    FOLLOW_UP_ESCALATED = "follow_up_escalated"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    EMERGENCY_ALERT = "emergency_alert"
    BOOKING_CONFIRMED = "booking_confirmed"
    SESSION_CANCELLED = "session_cancelled"
    CONTRACT_ACCEPTED = "contract_accepted"
    CONTRACT_ENDED = "contract_ended"
    PRESCRIPTION_READY = "prescription_ready"
    PRESCRIPTION_RETURNED = "prescription_returned"
    RUN_OUT = "run_out"
    DEMO_NOTICE = "demo_notice"
    CONTRACT_APPLIED = "contract_applied"
    CONTRACT_DECLINED = "contract_declined"
    PRESCRIPTION_REQUESTED = "prescription_requested"
    PRESCRIPTION_TO_REVIEW = "prescription_to_review"
    PRESCRIPTION_REFUSED = "prescription_refused"
    PRESCRIPTION_STOPPED = "prescription_stopped"
    PRESCRIPTION_EXPIRED = "prescription_expired"
    EMERGENCY_ACCESS = "emergency_access"
    EMERGENCY_REVIEW = "emergency_review"
    EMERGENCY_ESCALATED = "emergency_escalated"
    DOCTOR_CHANGED = "doctor_changed"
    DEPUTY_NAMED = "deputy_named"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_OTHERS = "account_others"
    ACCOUNT_FREED = "account_freed"
    DESK_REQUESTED = "desk_requested"
    REBINDING_ASKED = "rebinding_asked"
    PROXY_ASKED = "proxy_asked"
    PROXY_BEGAN = "proxy_began"
    PROXY_CHANGED = "proxy_changed"
    PROXY_ENDED = "proxy_ended"
    EXPORT_READY = "export_ready"
    CORRECTION_ANSWERED = "correction_answered"
    DEATH_REPORTED = "death_reported"
    BOOKING_PROPOSED = "booking_proposed"
    BOOKING_MOVED = "booking_moved"
    BOOKING_ENDED = "booking_ended"
    SEAT_OFFERED = "seat_offered"
    ALTERNATIVE_OFFERED = "alternative_offered"
    SESSION_CHANGED = "session_changed"
    DRAW_WON = "draw_won"
    DRAW_LOST = "draw_lost"
    QUEUE_NEAR = "queue_near"
    NO_SHOW_NOTED = "no_show_noted"
    APPEAL_ANSWERED = "appeal_answered"
    CLINIC_SUGGESTED = "clinic_suggested"
    SEAT_GIVEN_BACK = "seat_given_back"
    PHONE_OFFER = "phone_offer"
    DISPLACED_WAITING = "displaced_waiting"
    APPEAL_TO_DECIDE = "appeal_to_decide"
    SUGGESTION_TO_APPROVE = "suggestion_to_approve"


class Audience(StrEnum):
    """Who is asked to agree to a template's messages."""

    RESIDENT = "resident"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Template:
    """One subscribe-message template [订阅消息模板]; `fields` maps its keys to their labels."""

    id: str
    title: str
    audience: Audience
    credits_kept: int
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Wording:
    """What one kind says: texts, the page that opens, whether it may disturb, or only reminds."""

    template: str
    page: str
    texts: Mapping[str, str]
    urgent: bool = False
    reminder: bool = False


@dataclass(frozen=True)
class Catalogue:
    """Every template and every kind; each kind has a text for exactly its template's fields."""

    template: Mapping[str, Template]
    kind: Mapping[str, Wording]

    def __post_init__(self) -> None:
        if self.kind.keys() != set(MessageKind):
            raise ValueError("kinds and their wordings differ")
        for name, wording in self.kind.items():
            if wording.texts.keys() != self.template[wording.template].fields.keys():
                raise ValueError(f"{name}: its texts are not those of its template's fields")

    def template_of(self, kind: MessageKind) -> Template:
        """The template that carries a kind."""
        return self.template[self.kind[kind].template]


@cache
def catalogue() -> Catalogue:
    """The texts in force."""
    content = tomllib.loads((ROOT / "config" / "messages.toml").read_text("utf-8"))
    return figures.shape(Catalogue, content, "messages")


@cache
def reminders() -> frozenset[MessageKind]:
    """What only reminds, and is sent to nobody who does not want to be reminded."""
    return frozenset(MessageKind(name) for name, one in catalogue().kind.items() if one.reminder)


def is_urgent(kind: MessageKind) -> bool:
    """Whether this kind goes first, at whatever hour."""
    return catalogue().kind[kind].urgent


def page_of(kind: MessageKind, subject_id: UUID) -> str:
    """The page that a tap on the card opens."""
    return catalogue().kind[kind].page.format(id=subject_id)


def write(kind: MessageKind, values: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The text of each field, as WeChat can carry it; raises `DoesNotFit`.

    `values` are those that the texts name; `date` and `time` are those of `at` unless given.
    """
    wording = catalogue().kind[kind]
    named = {name for text in wording.texts.values() for name in _names(text)}
    known = {"date": as_date(shanghai_date(at)), "time": as_time(at), **values}
    if named - known.keys() or values.keys() - named:
        raise DoesNotFit(f"{kind} takes {sorted(named)}, not {sorted(values)}")
    return {key: fit(kind_of(key), text.format(**known)) for key, text in wording.texts.items()}


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]
