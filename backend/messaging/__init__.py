"""消息 Messaging: delivers one message to one person; knows no other feature."""

from backend.messaging import fence, gauges, lifting
from backend.messaging.answer_events import FoundDeadByPhone, MessageAnswered
from backend.messaging.answering import hold
from backend.messaging.answering import stands as answer_stands
from backend.messaging.answering_service import answer, answer_by_phone, mark_read
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
from backend.messaging.arms import begin_wordings, end_wordings, fits_first_line, usual_line
from backend.messaging.asking import Balance, subscriptions
from backend.messaging.asking_rules import Moment
from backend.messaging.board import (
    OnChannel,
    Queue,
    queue_numbers,
    troubles,
)
from backend.messaging.call_models import CallItem, CallResult
from backend.messaging.call_queries import Call, calls, hold_call
from backend.messaging.call_service import record_call, take_call
from backend.messaging.callback_errors import CallbackNotSet
from backend.messaging.callback_models import WeChatEvent
from backend.messaging.callback_rules import Asked, Gate
from backend.messaging.callback_service import prove_address, receive
from backend.messaging.carried import CHILDS_RECORD, OWN_RECORD
from backend.messaging.claims import Claimed, Result, Sms
from backend.messaging.digests import gather, mend
from backend.messaging.duty import pass_on
from backend.messaging.events import RemindersTuned
from backend.messaging.fence import Because, Sight
from backend.messaging.gateway import CALL_S, NoAnswer, NotReached, Push, WeChatPush, body_of
from backend.messaging.ladder_queries import but as to_climb
from backend.messaging.ladder_rules import LadderPolicy, ladder_of, visit_reminder_at
from backend.messaging.ladder_service import climb, climb_one, climb_past, stop_calls
from backend.messaging.lanes import SendingLane
from backend.messaging.lanes import numbers as lane_numbers
from backend.messaging.lanes import tell as tell_lanes
from backend.messaging.lifting import Cut, Fence, Held
from backend.messaging.lock_screen import tells
from backend.messaging.models import KINDS, Answer, Entry, Message, MessageStep, Reason, State, Step
from backend.messaging.notices import tell_freed, tell_of_desk_request, tell_other_accounts
from backend.messaging.operator_service import cancel, replay
from backend.messaging.outbox import (
    LEASE_S,
    claim,
    held_by,
    settle,
    take_over,
)
from backend.messaging.planning import Planned, plan
from backend.messaging.queries import (
    about,
    heard_at,
    inbox,
    planned_for,
)
from backend.messaging.reasons import words_of
from backend.messaging.recipients import To
from backend.messaging.resending import resend_doubtful
from backend.messaging.rules import DoesNotFit, as_date, as_time
from backend.messaging.service import queue, report_popup, withdraw
from backend.messaging.sms_callback_service import hear_receipts, hear_replies
from backend.messaging.sms_desk import prepare as prepare_sms
from backend.messaging.sms_desk import remember as remember_sms
from backend.messaging.sms_desk import sms_is_offered
from backend.messaging.sms_events import TextsSwitched
from backend.messaging.sms_gateway import SmsCarrier, SmsPush
from backend.messaging.sms_models import PhoneStanding, SmsDispatch, SmsHeard
from backend.messaging.sms_replies import replies_unread
from backend.messaging.sms_settling import (
    apply_heard,
    forget_heard,
    heard_lag_s,
    heard_quarantined,
)
from backend.messaging.sms_wishes_service import (
    Texting,
    TextingOf,
    restore_texts_at_desk,
    switch_texts,
    texting,
    texting_at_desk,
)
from backend.messaging.sms_wording import sms_catalogue
from backend.messaging.subject_service import close, erase, export, foresee, forget
from backend.messaging.template_check import (
    check_templates,
    tell_template_differences,
    templates_differ,
)
from backend.messaging.wechat_events import (
    apply_events,
    events_lag_s,
    events_quarantined,
    forget_events,
)
from backend.messaging.why import Story, why
from backend.messaging.wishes import Wishes, mute, wish, wishes
from backend.messaging.wishes_models import ReminderWish
from backend.messaging.wording import (
    Channel,
    Consent,
    Group,
    InDoubt,
    Late,
    MessageKind,
    Template,
    catalogue,
)

__all__ = [
    "CALL_S",
    "CHILDS_RECORD",
    "DEFECT",
    "INTERRUPTED",
    "IN_DOUBT",
    "KINDS",
    "LEASE_S",
    "NOT_REACHED",
    "NO_ANSWER",
    "OWN_RECORD",
    "RELEASED",
    "STALE_TOKEN",
    "Answer",
    "Asked",
    "Balance",
    "Because",
    "Call",
    "CallItem",
    "CallResult",
    "CallbackNotSet",
    "Channel",
    "Claimed",
    "Consent",
    "Cut",
    "DoesNotFit",
    "Entry",
    "Fence",
    "FoundDeadByPhone",
    "Gate",
    "Group",
    "Held",
    "InDoubt",
    "LadderPolicy",
    "Late",
    "Message",
    "MessageAnswered",
    "MessageKind",
    "MessageStep",
    "Moment",
    "NoAnswer",
    "NotReached",
    "OnChannel",
    "Outcome",
    "PhoneStanding",
    "Planned",
    "Push",
    "Queue",
    "Reason",
    "ReminderWish",
    "RemindersTuned",
    "Result",
    "SendingLane",
    "Sight",
    "Sms",
    "SmsCarrier",
    "SmsDispatch",
    "SmsHeard",
    "SmsPush",
    "State",
    "Step",
    "Story",
    "Template",
    "Texting",
    "TextingOf",
    "TextsSwitched",
    "To",
    "WeChatEvent",
    "WeChatPush",
    "Wishes",
    "about",
    "answer",
    "answer_by_phone",
    "answer_stands",
    "apply_events",
    "apply_heard",
    "as_date",
    "as_time",
    "begin_wordings",
    "body_of",
    "calls",
    "cancel",
    "catalogue",
    "check_templates",
    "claim",
    "climb",
    "climb_one",
    "climb_past",
    "close",
    "end_wordings",
    "erase",
    "events_lag_s",
    "events_quarantined",
    "export",
    "fence",
    "fits_first_line",
    "foresee",
    "forget",
    "forget_events",
    "forget_heard",
    "gather",
    "gauges",
    "hear_receipts",
    "hear_replies",
    "heard_at",
    "heard_lag_s",
    "heard_quarantined",
    "held_by",
    "hold",
    "hold_call",
    "inbox",
    "judge",
    "ladder_of",
    "lane_numbers",
    "lifting",
    "mark_read",
    "mend",
    "mute",
    "oldest_due_s",
    "pass_on",
    "plan",
    "planned_for",
    "prepare_sms",
    "prove_address",
    "queue",
    "queue_numbers",
    "receive",
    "record_call",
    "remember_sms",
    "replay",
    "replies_unread",
    "report_popup",
    "resend_doubtful",
    "restore_texts_at_desk",
    "settle",
    "sms_catalogue",
    "sms_is_offered",
    "stop_calls",
    "subscriptions",
    "switch_texts",
    "take_call",
    "take_over",
    "tell_freed",
    "tell_lanes",
    "tell_of_desk_request",
    "tell_other_accounts",
    "tell_template_differences",
    "tells",
    "templates_differ",
    "texting",
    "texting_at_desk",
    "to_climb",
    "troubles",
    "usual_line",
    "visit_reminder_at",
    "waiting_now",
    "why",
    "wish",
    "wishes",
    "withdraw",
    "words_of",
]
