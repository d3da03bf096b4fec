"""Puts follow-ups to those who answer for them; late or twice, each is told once."""

from backend import followups
from backend.kernel.entry import now
from jobs.sweeping import each


def remind_due() -> int:
    """What is near enough falls due: the resident is reminded, the doctor has a task."""
    return each(
        lambda failed: followups.due(now(), failed),
        lambda followup_id: followups.fall_due(now(), followups.hold(now(), followup_id)),
    )


def report_overdue() -> int:
    """What is open long after its day is put to the team lead."""
    return each(
        lambda failed: followups.overdue(now(), failed),
        lambda followup_id: followups.report_overdue(now(), followups.hold(now(), followup_id)),
    )


def escalate_unanswered() -> int:
    """What nobody took on within the region's working hours goes to the team lead."""
    return each(
        lambda failed: followups.unanswered(now(), failed),
        lambda followup_id: followups.escalate(now(), followups.hold(now(), followup_id)),
    )
