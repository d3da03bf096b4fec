"""A trial of wordings: what is asked, who answers for it, when it must end."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend import messaging
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle
from backend.trials.rules import Verdict


class TrialState(StrEnum):
    """Where a trial stands."""

    PROPOSED = "proposed"
    RUNNING = "running"
    DISCARDED = "discarded"
    ENDED = "ended"


class TrialAct(StrEnum):
    """What can become of a trial."""

    APPROVE = "approve"
    DISCARD = "discard"
    END = "end"


TRIAL_LIFE = Lifecycle(
    {
        (TrialState.PROPOSED, TrialAct.APPROVE): TrialState.RUNNING,
        (TrialState.PROPOSED, TrialAct.DISCARD): TrialState.DISCARDED,
        (TrialState.RUNNING, TrialAct.END): TrialState.ENDED,
    }
)


class Trial(Base):
    """文案试验: one or two wordings of a kind beside the usual one.

    `people` is how many with a known outcome it needs, `ends_on` its last day whatever is known;
    `looked_at` counts the looks of the stop rule. Whoever approves it is not who proposed it.
    """

    __tablename__ = "trial"
    __table_args__ = (
        CheckConstraint("cardinality(lines) BETWEEN 1 AND 2", "lines"),
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", "second_hand"),
        CheckConstraint(
            "(state IN ('running', 'ended')) = (approved_by IS NOT NULL)"
            " AND (approved_by IS NULL) = (ethics_reference IS NULL)",
            "approved",
        ),
        CheckConstraint("(state = 'ended') = (verdict IS NOT NULL)", "ended"),
        Index("uq_trial_running", "kind", unique=True, postgresql_where=text("state = 'running'")),
    )
    kind: Mapped[messaging.MessageKind] = mapped_column(messaging.KINDS)
    question: Mapped[str]
    lines: Mapped[list[str]] = mapped_column(ARRAY(Text))
    people: Mapped[int]
    ends_on: Mapped[date]
    state: Mapped[TrialState] = mapped_column(default=TrialState.PROPOSED)
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    ethics_reference: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    verdict: Mapped[Verdict | None]
    looked_at: Mapped[int] = mapped_column(default=0)

    @property
    def acts(self) -> list[TrialAct]:
        """What may be done now."""
        return TRIAL_LIFE.acts(self.state)
