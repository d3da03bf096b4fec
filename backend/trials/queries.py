"""Trials, and what became of the people of each arm: sums alone, never a person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text

from backend import messaging
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.kernel.paging import Page, Wanted, page
from backend.trials import policy
from backend.trials.models import Trial, TrialState
from backend.trials.rules import Tally, benefit

# Each person once: the first booking that was written about while the trial ran.
_TALLIES = text("""
WITH first AS (
  SELECT DISTINCT ON (message.to_resident_id) arm.number, message.subject_id,
    message.read_at IS NOT NULL AS was_read
  FROM wording_arm AS arm JOIN message ON message.arm_id = arm.id
  WHERE arm.trial_id = :trial_id AND message.state = 'sent' AND message.first_id IS NULL
  ORDER BY message.to_resident_id, message.due_at, message.id)
SELECT first.number, count(*) AS written_to, count(*) FILTER (WHERE was_read) AS read,
  count(*) FILTER (WHERE booking.state = 'seen') AS came,
  count(*) FILTER (WHERE booking.state IN ('cancelled', 'moved')) AS cancelled,
  count(*) FILTER (WHERE booking.state = 'missed') AS missed
FROM first LEFT JOIN booking ON booking.id = first.subject_id GROUP BY first.number
""")


@dataclass(frozen=True, slots=True)
class ShownArm:
    """One wording and what became of its people; `benefit` in standard errors."""

    number: int
    line: str
    tally: Tally
    benefit: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial with its arms."""

    trial: Trial
    arms: Sequence[ShownArm]


def listed(ctx: Context, wanted: Wanted) -> Page[Trial]:
    """Every trial, the newest first."""
    found = select(Trial).where(policy.visible_to(ctx))
    return page(found, [Trial.id], wanted, newest_first=True)


def find(ctx: Context, trial_id: UUID) -> Shown:
    """One trial with its arms so far; raises `NotFound`."""
    trial = one(select(Trial).where(policy.visible_to(ctx), Trial.id == trial_id))
    found = tallies(trial)
    lines = [messaging.usual_line(trial.kind), *trial.lines]
    return Shown(
        trial,
        [
            ShownArm(number, line, found[number], benefit(found[0], found[number]))
            for number, line in enumerate(lines)
        ],
    )


def hold(ctx: Context, trial_id: UUID) -> Trial:
    """One trial, locked until commit; raises `NotFound`."""
    return held(select(Trial).where(policy.visible_to(ctx), Trial.id == trial_id))


def to_look_at(_ctx: Context, failed: Collection[UUID]) -> Sequence[UUID]:
    """The trials that run, without those that failed."""
    found = select(Trial.id).where(Trial.state == TrialState.RUNNING, Trial.id.not_in(failed))
    return db.session.execute(found.order_by(Trial.id)).scalars().all()


def tallies(trial: Trial) -> Mapping[int, Tally]:
    """What became of the people of each arm, those of none included."""
    rows = db.session.execute(_TALLIES, {"trial_id": trial.id}).all()
    known = {row.number: Tally(*row[1:]) for row in rows}
    return {number: known.get(number, Tally()) for number in range(len(trial.lines) + 1)}


def running() -> int:
    """How many trials run."""
    found = select(func.count()).where(Trial.state == TrialState.RUNNING)
    return int(db.session.execute(found).scalar_one())
