"""What each kind of message says, as data: template, texts and page, fit for a lock screen."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID

from backend.kernel import figures
from backend.kernel.calendar import shanghai_date
from backend.messaging import carried
from backend.messaging.asking_rules import Moment
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
    VISIT_NEAR = "visit_near"
    DIGEST = "digest"
    CANNOT_COME = "cannot_come"
    CALL_TO_MAKE = "call_to_make"
    SMS_REPLY = "sms_reply"


class Channel(StrEnum):
    """How a message goes: 微信, 短信, a call by the centre, or the family's 微信."""

    WECHAT = "wechat"
    SMS = "sms"
    CALL = "call"
    FAMILY = "family"


class Group(StrEnum):
    """What somebody switches on or off as a whole; what is not listed in `MUTABLE` stays on."""

    CARE = "care"
    BOOKINGS = "bookings"
    SERVICES = "services"
    NEWS = "news"
    SAFETY = "safety"
    WORK = "work"


MUTABLE = frozenset({Group.CARE, Group.BOOKINGS, Group.SERVICES, Group.NEWS})


class Late(StrEnum):
    """What becomes of a message that could not go in time."""

    SEND = "send"
    REWRITE = "rewrite"
    DROP = "drop"


class InDoubt(StrEnum):
    """What follows where nobody knows whether a message arrived, and no event settles it."""

    KEEP = "keep"
    NEXT = "next"
    RESEND = "resend"


class Consent(StrEnum):
    """One accepted popup is one push [一次性订阅], or many until it is taken back [长期订阅]."""

    ONE_TIME = "one_time"
    LONG_TERM = "long_term"


class Audience(StrEnum):
    """Who is asked to agree to a template's messages."""

    RESIDENT = "resident"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Template:
    """One subscribe-message template [订阅消息模板]; `fields` maps its keys to their labels.

    `moments`: after what somebody did a popup for it explains itself.
    """

    id: str
    title: str
    audience: Audience
    credits_kept: int
    fields: Mapping[str, str]
    kind: Consent = Consent.ONE_TIME
    moments: frozenset[Moment] = frozenset()


@dataclass(frozen=True)
class Wording:
    """What one kind says, and how it is carried.

    `texts` and `page`: the card. `urgent`: goes at whatever hour, and counts for no budget.
    `reminder`: only reminds, so that it needs that consent. `weight`: 1 to 9, what matters more has
    the last credit, and of 9 nothing waits for the budget. `ladder`: the channels after 微信 where
    it is not delivered, or not read within `unread_hours`. `collapse`: of what has this name about
    one subject only the newest waits.
    `expires_hours` after it was due nothing is sent; `late_after_hours` after it the `late` policy
    applies, `late_text` in place of the first line. `digest`: may be told together with others of
    the same morning; `spread`: at any minute of that hour; `workdays_only`: waits for one of
    those. `in_doubt`: what follows an ambiguous answer. `answers`: confirm, cannot come, stop.
    `personal`: concerns this member of staff, so that no deputy has it.
    """

    template: str
    page: str
    texts: Mapping[str, str]
    urgent: bool = False
    reminder: bool = False
    weight: int = 5
    group: Group = Group.SERVICES
    ladder: tuple[Channel, ...] = ()
    unread_hours: int | None = None
    collapse: str | None = None
    expires_hours: int | None = None
    late: Late = Late.SEND
    late_after_hours: int | None = None
    late_text: str | None = None
    digest: bool = False
    spread: bool = False
    workdays_only: bool = False
    in_doubt: InDoubt = InDoubt.KEEP
    answers: bool = False
    personal: bool = False

    def __post_init__(self) -> None:
        rewrites = self.late is Late.REWRITE
        if rewrites != (self.late_text is not None) or (self.late is not Late.SEND) != (
            self.late_after_hours is not None
        ):
            raise ValueError("a late policy has its hours, and a rewritten text its words")
        if not 1 <= self.weight <= 9 or Channel.WECHAT in self.ladder:
            raise ValueError("a weight is 1 to 9, and every ladder begins with WeChat")
        if self.unread_hours is not None and not self.ladder:
            raise ValueError("what goes on when it is not read has a ladder")


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
            one_time = self.template[wording.template].kind is Consent.ONE_TIME
            if wording.in_doubt is InDoubt.RESEND and one_time:
                raise ValueError(f"{name}: one push is agreed to, so that none is sent again")

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


@cache
def answerable() -> frozenset[MessageKind]:
    """What somebody may confirm, or say that it cannot be."""
    return frozenset(MessageKind(name) for name, one in catalogue().kind.items() if one.answers)


@cache
def digestible() -> frozenset[MessageKind]:
    """What may be told together with others of the same morning."""
    return frozenset(MessageKind(name) for name, one in catalogue().kind.items() if one.digest)


@cache
def of_group(group: Group) -> frozenset[MessageKind]:
    """What is switched on or off together."""
    kinds = catalogue().kind.items()
    return frozenset(MessageKind(name) for name, one in kinds if one.group is group)


def collapse_key(kind: MessageKind, subject_id: UUID) -> str | None:
    """What the newest message about a subject takes the place of."""
    name = catalogue().kind[kind].collapse
    return name and f"{name}:{subject_id}"


def expiry(kind: MessageKind, due_at: datetime) -> datetime | None:
    """After which instant this kind is not sent any more."""
    hours = catalogue().kind[kind].expires_hours
    return None if hours is None else due_at + timedelta(hours=hours)


@cache
def long_term() -> frozenset[str]:
    """The ids of the templates that are sent again and again once agreed to [长期订阅]."""
    ours = catalogue().template.values()
    return frozenset(one.id for one in ours if one.kind is Consent.LONG_TERM)


def is_urgent(kind: MessageKind) -> bool:
    """Whether this kind goes first, at whatever hour."""
    return catalogue().kind[kind].urgent


def climbs(kind: MessageKind) -> bool:
    """Whether a further channel may follow this kind."""
    return bool(catalogue().kind[kind].ladder)


def page_of(kind: MessageKind, subject_id: UUID) -> str:
    """The page that a tap on the card opens."""
    return catalogue().kind[kind].page.format(id=subject_id)


def write(kind: MessageKind, values: Mapping[str, str], at: datetime) -> dict[str, str]:
    """The text of each field, as WeChat can carry it; raises `DoesNotFit`.

    `values` are those that the texts name; `date` and `time` are those of `at` unless given.
    """
    wording = catalogue().kind[kind]
    named = named_values(kind)
    known = {"date": as_date(shanghai_date(at)), "time": as_time(at), **values}
    if named - known.keys() or values.keys() - named:
        raise DoesNotFit(f"{kind} takes {sorted(named)}, not {sorted(values)}")
    known = carried.only(known)
    return {key: fit(kind_of(key), text.format(**known)) for key, text in wording.texts.items()}


def named_values(kind: MessageKind) -> frozenset[str]:
    """The values that the texts of a kind name."""
    texts = catalogue().kind[kind].texts.values()
    return frozenset(name for text in texts for name in _names(text))


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]
