"""Everything that happens by itself, on one page.

`every` is business time: when the clock of a demo is moved, what became due runs at the next
tick. Each sweep looks for what is due now, so running twice or late changes nothing but the hour.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs import (
    attention,
    auditing,
    clinics,
    contracting,
    doubts,
    draws,
    fence,
    followups,
    housekeeping,
    messaging,
    outreach,
    prescriptions,
    privacy,
    proxies,
    sensitive,
    trials,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A sweep, its name in the `tick` table, and how often it is worth looking."""

    name: str
    every: timedelta
    sweep: Callable[[], int]


TIMETABLE = [
    Job("auditing.escalate", timedelta(minutes=10), auditing.escalate),
    Job("auditing.plan_calls", timedelta(minutes=1), auditing.plan_calls),
    Job("auditing.make_months", timedelta(days=1), auditing.make_months),
    Job("contracting.expire", timedelta(minutes=10), contracting.expire),
    Job("clinics.generate", timedelta(hours=1), clinics.generate),
    Job("clinics.lapse", timedelta(seconds=10), clinics.lapse),
    Job("clinics.fill_waiting", timedelta(seconds=5), clinics.fill_waiting),
    Job("clinics.close_waiting", timedelta(minutes=1), clinics.close_waiting),
    Job("doubts.resend", timedelta(minutes=1), doubts.resend),
    Job("draws.announce", timedelta(minutes=1), draws.announce),
    Job("draws.close", timedelta(seconds=10), draws.close),
    Job("draws.hold", timedelta(seconds=10), draws.hold),
    Job("clinics.settle", timedelta(minutes=10), clinics.settle),
    Job("clinics.lift_unanswered", timedelta(hours=1), clinics.lift_unanswered),
    Job("clinics.re_offer", timedelta(minutes=1), clinics.re_offer),
    Job("messaging.climb", timedelta(seconds=5), messaging.climb),
    Job("messaging.pass_on", timedelta(seconds=10), messaging.pass_on),
    Job("messaging.stop_calls", timedelta(seconds=10), messaging.stop_calls),
    Job("outreach.propose", timedelta(hours=1), outreach.propose),
    Job("outreach.send", timedelta(minutes=1), outreach.send),
    Job("outreach.lapse", timedelta(hours=1), outreach.lapse),
    Job("followups.remind_due", timedelta(minutes=1), followups.remind_due),
    Job("followups.escalate_unanswered", timedelta(minutes=1), followups.escalate_unanswered),
    Job("followups.report_overdue", timedelta(hours=1), followups.report_overdue),
    Job("attention.gather", timedelta(minutes=1), attention.gather),
    Job("attention.mend", timedelta(minutes=1), attention.mend),
    Job("housekeeping.forget_ticks", timedelta(hours=1), housekeeping.forget_ticks),
    Job("housekeeping.forget_attempts", timedelta(hours=1), housekeeping.forget_attempts),
    Job("housekeeping.forget_answers", timedelta(hours=1), housekeeping.forget_answers),
    Job("housekeeping.forget_failures", timedelta(hours=1), housekeeping.forget_failures),
    Job("housekeeping.forget_desk", timedelta(hours=1), housekeeping.forget_desk),
    Job("housekeeping.forget_invitations", timedelta(hours=1), housekeeping.forget_invitations),
    Job("prescriptions.expire", timedelta(hours=1), prescriptions.expire),
    Job("prescriptions.run_out", timedelta(hours=1), prescriptions.run_out),
    Job("proxies.lapse", timedelta(minutes=10), proxies.lapse),
    Job("proxies.expire", timedelta(minutes=10), proxies.expire),
    Job("proxies.tell_narrowed", timedelta(hours=1), proxies.tell_narrowed),
    Job("proxies.forget_papers", timedelta(days=1), proxies.forget_papers),
    Job("sensitive.relabel", timedelta(hours=1), sensitive.relabel),
    Job("trials.look", timedelta(hours=1), trials.look),
    Job("privacy.make_exports", timedelta(seconds=10), privacy.make_exports),
    Job("privacy.expire_exports", timedelta(hours=1), privacy.expire_exports),
    Job("privacy.carry_out_deletions", timedelta(minutes=10), privacy.carry_out_deletions),
    Job("privacy.look_again", timedelta(hours=1), privacy.look_again),
    Job("privacy.forget_messages", timedelta(hours=1), privacy.forget_messages),
    Job("housekeeping.forget_heard", timedelta(hours=1), housekeeping.forget_heard),
    Job("housekeeping.forget_events", timedelta(hours=1), housekeeping.forget_events),
    Job("housekeeping.forget_sessions", timedelta(hours=1), housekeeping.forget_sessions),
    # The last one: by its turn the others have had theirs.
    Job("messaging.note_catch_up", timedelta(minutes=1), fence.note_catch_up),
]
