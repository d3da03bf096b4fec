"""消息 Messaging: delivers one message to one person; knows no other feature."""

from backend.messaging.answers import (
    DEFECT,
    IN_DOUBT,
    INTERRUPTED,
    NO_ANSWER,
    NOT_REACHED,
    RELEASED,
    STALE_TOKEN,
    Outcome,
    judge,
)
from backend.messaging.gateway import CALL_S, NoAnswer, NotReached, Push, WeChatPush, body_of
from backend.messaging.models import Entry, Message, Reason, State
from backend.messaging.notices import tell_freed, tell_of_desk_request, tell_other_accounts
from backend.messaging.outbox import (
    LEASE_S,
    Claimed,
    Result,
    claim,
    held_by,
    settle,
    take_over,
)
from backend.messaging.queries import (
    Balance,
    Queue,
    about,
    inbox,
    oldest_due_s,
    planned_for,
    queue_numbers,
    subscriptions,
)
from backend.messaging.rules import DoesNotFit, as_date, as_time
from backend.messaging.service import To, queue, report_popup, withdraw
from backend.messaging.subject_service import close, erase, export, foresee, forget
from backend.messaging.wording import MessageKind, Template, catalogue

__all__ = [
    "CALL_S",
    "DEFECT",
    "INTERRUPTED",
    "IN_DOUBT",
    "LEASE_S",
    "NOT_REACHED",
    "NO_ANSWER",
    "RELEASED",
    "STALE_TOKEN",
    "Balance",
    "Claimed",
    "DoesNotFit",
    "Entry",
    "Message",
    "MessageKind",
    "NoAnswer",
    "NotReached",
    "Outcome",
    "Push",
    "Queue",
    "Reason",
    "Result",
    "State",
    "Template",
    "To",
    "WeChatPush",
    "about",
    "as_date",
    "as_time",
    "body_of",
    "catalogue",
    "claim",
    "close",
    "erase",
    "export",
    "foresee",
    "forget",
    "held_by",
    "inbox",
    "judge",
    "oldest_due_s",
    "planned_for",
    "queue",
    "queue_numbers",
    "report_popup",
    "settle",
    "subscriptions",
    "take_over",
    "tell_freed",
    "tell_of_desk_request",
    "tell_other_accounts",
    "withdraw",
]
