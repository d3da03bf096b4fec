"""What becomes of one message at the claim, from everything that is known of whom it goes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from backend import network
from backend.kernel.calendar import shanghai_date
from backend.messaging.attention_queries import NO_WISH, Account, Coming, Wish
from backend.messaging.attention_rules import (
    LOOK_AGAIN,
    AttentionPolicy,
    IsWorkday,
    Limits,
    Pushes,
    Reminder,
    first_hour,
    has_place,
    next_instant,
)
from backend.messaging.candidates import Candidate
from backend.messaging.models import Reason
from backend.messaging.rules import MessagingPolicy, after_quiet
from backend.messaging.wording import MUTABLE, Channel, Consent, Wording, catalogue

# What has this weight somebody travels or decides by: no budget holds it back, though it counts.
HEAVIEST = 9
# What a telephone shows by itself; an SMS of a ladder is the same message once more.
PUSHED = frozenset({Channel.WECHAT, Channel.FAMILY})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Goes now; or waits `until` then; or, over, is for the inbox alone or for another channel."""

    until: datetime | None = None
    reason: Reason | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is pushed any more."""
        return self.until is None and self.reason is not None


GO = Verdict()


@dataclass(frozen=True, slots=True)
class Case:
    """One message; the wish of whose phone it reaches, and of whom it is about."""

    row: Candidate
    holder: Wish
    person: Wish
    account: Account = field(default_factory=Account)
    coming: Sequence[Coming] = ()
    left: int = 0

    @property
    def wording(self) -> Wording:
        """What its kind says."""
        return catalogue().kind[self.row.kind]

    @property
    def is_pushed(self) -> bool:
        """Whether it goes by a channel that the budget counts."""
        return self.row.channel in PUSHED

    @property
    def is_work(self) -> bool:
        """Whether it goes to a member of staff as such."""
        return self.row.to_staff_id is not None

    @property
    def pushes(self) -> Pushes:
        """What counts for the same budget; nothing against what matters most."""
        is_bound = self.is_pushed and self.wording.weight < HEAVIEST
        return self.account.pushes(is_work=self.is_work) if is_bound else {}

    @property
    def reminder(self) -> Reminder:
        """What its hour hangs on."""
        row, kind = self.row, self.wording
        person: UUID = row.to_resident_id or row.to_staff_id or row.id
        return Reminder(person, row.due_at, row.expires_at, kind.spread, kind.workdays_only)

    @property
    def is_plain(self) -> bool:
        """Whether nobody wishes anything, nothing was sent this week, nothing weightier waits."""
        kind = self.wording
        is_free = self.holder is NO_WISH and self.person is NO_WISH
        is_first = not (self.account.own or self.account.work)
        at_any_hour = not (kind.spread or kind.workdays_only)
        weightier = any(one.weight > kind.weight for one in self.coming)
        return is_free and is_first and at_any_hour and not weightier

    def weightier(self, before: datetime) -> list[Coming]:
        """What waits for the same account, matters more and is due before then."""
        return [one for one in self.coming if one.weight > self.wording.weight and one.at < before]


@dataclass(frozen=True)
class Bounds:
    """What the region lays down, at one instant."""

    at: datetime
    policy: AttentionPolicy
    quiet: MessagingPolicy
    calendar: network.Workdays

    def verdict(self, case: Case) -> Verdict:
        """Muted, at the wrong hour, too much, kept for what matters more: or it goes."""
        if self._is_open and case.is_plain and case.row.due_at <= self.at:
            return GO
        if case.wording.group in MUTABLE and case.wording.group in case.person.muted:
            return Verdict(reason=Reason.MUTED)
        until = self._until(case, case.pushes)
        if until > self.at:
            hour = first_hour(self.at, case.reminder, self.limits(case).quiet, self._works)
            return _wait(case, until, None if until == hour else Reason.OVER_BUDGET)
        if case.is_pushed and self._keeps_credit(case):
            return Verdict(reason=Reason.KEPT_CREDIT)
        return self._give_way(case) if case.is_pushed else GO

    @cached_property
    def _is_open(self) -> bool:
        """Whether the region's quiet hours keep nothing: most of a batch is judged by this."""
        return after_quiet(self.at, self.quiet) == self.at

    def _until(self, case: Case, pushes: Pushes) -> datetime:
        return next_instant(self.at, case.reminder, self.limits(case), self._works, pushes)

    @property
    def _works(self) -> IsWorkday:
        return self.calendar.is_workday

    def limits(self, case: Case) -> Limits:
        """The region's, and what the person wishes beside it; staff have a budget of their own."""
        if case.is_work:
            quiet = (self.quiet.quiet_hours,)
            return Limits(quiet, self.policy.staff_per_day, self.policy.staff_per_week)
        wished = (case.holder.quiet,) if case.holder.quiet else ()
        own = min(case.holder.per_day or self.policy.per_day, self.policy.per_day)
        return Limits((self.quiet.quiet_hours, *wished), own, self.policy.per_week)

    def _keeps_credit(self, case: Case) -> bool:
        """Whether what is known to be agreed to is needed, to the last, by what matters more."""
        template = catalogue().template_of(case.row.kind)
        horizon = self.at + timedelta(hours=self.policy.credit_hours)
        rivals = [one for one in case.weightier(horizon) if one.template_id == case.row.template_id]
        return template.kind is Consent.ONE_TIME and 0 < case.left <= len(rivals)

    def _give_way(self, case: Case) -> Verdict:
        """The last places of a day are for what matters more and is due the same day."""
        today = shanghai_date(self.at)
        rivals = [
            one.at
            for one in case.weightier(self.at + timedelta(days=1))
            if not one.urgent and shanghai_date(one.at) == today
        ]
        if has_place(today, case.pushes, self.limits(case), 1 + len(rivals)):
            return GO
        return _wait(case, max(rivals) + LOOK_AGAIN, Reason.OVER_BUDGET)


def _wait(case: Case, until: datetime, reason: Reason | None) -> Verdict:
    if case.reminder.is_over(until):
        return Verdict(reason=reason or Reason.EXPIRED)
    return Verdict(until, reason)
