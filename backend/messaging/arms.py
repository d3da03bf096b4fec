"""文案试验: which of several wordings a person is written to in, while a trial of a kind runs.

What is tried is decided above (`backend/trials`); here a person falls to an arm, once for a trial,
and a message remembers the arm it was sent in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Context
from backend.kernel.database import Base, db
from backend.kernel.policy import admitted
from backend.kernel.ties import Tie, admits
from backend.messaging.candidates import Candidate
from backend.messaging.lock_screen import tells
from backend.messaging.models import KINDS
from backend.messaging.rules import DoesNotFit, Kind, fit
from backend.messaging.wording import MessageKind, catalogue

FIRST_LINE = "thing1"
by_trial = admits(Tie.CONSORTIUM, Tie.CLOCK)

_SET = text("""
UPDATE message SET arm_id = chosen.arm_id, content = CASE WHEN chosen.line IS NULL
  THEN content ELSE content || jsonb_build_object('thing1', chosen.line) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:arms AS uuid[]), CAST(:lines AS text[]))
  AS chosen (id, arm_id, line)
WHERE message.id = chosen.id
""")

_UNDO = text("""
UPDATE message SET content = content || jsonb_build_object('thing1', CAST(:usual AS text))
WHERE arm_id = :arm AND state IN ('queued', 'sending')
  AND content ->> 'thing1' = CAST(:line AS text)
""")


class Arm(Base):
    """One wording of a kind's first line; number 0 is the usual one, and has no line of its own."""

    __tablename__ = "wording_arm"
    __table_args__ = (
        CheckConstraint("(number = 0) = (line IS NULL)", "control"),
        Index("uq_wording_arm_number", "trial_id", "number", unique=True),
        Index("uq_wording_arm_kind", "kind", "number", unique=True, postgresql_where=text("is_on")),
    )
    trial_id: Mapped[UUID]
    kind: Mapped[MessageKind] = mapped_column(KINDS)
    number: Mapped[int]
    line: Mapped[str | None]
    is_on: Mapped[bool]


@admitted(by_trial)
def begin_wordings(_ctx: Context, trial_id: UUID, kind: MessageKind, lines: Sequence[str]) -> None:
    """From now on a kind is worded in these lines and in the usual one; one trial a kind at a time.

    Raises `DoesNotFit`, and `IntegrityError` where another trial of the kind runs.
    """
    worded = [None, *(fit(Kind.THING, line) for line in lines)]
    for number, line in enumerate(worded):
        db.session.add(Arm(trial_id=trial_id, kind=kind, number=number, line=line, is_on=True))
    db.session.flush()


@admitted(by_trial)
def end_wordings(_ctx: Context, trial_id: UUID) -> None:
    """From now on everybody is written to in the usual wording, by what waits already too."""
    arms = db.session.execute(
        update(Arm)
        .where(Arm.trial_id == trial_id)
        .values(is_on=False)
        .returning(Arm.id, Arm.kind, Arm.line)
    ).all()
    for arm in arms:
        usual = {"arm": arm.id, "line": arm.line, "usual": usual_line(arm.kind)}
        db.session.execute(_UNDO, usual)


def arm_of(person_id: UUID, trial_id: UUID, arms: int) -> int:
    """The arm a person falls to: even over persons, the same at every message of a trial."""
    digest = blake2b(person_id.bytes + trial_id.bytes, digest_size=8).digest()
    return int.from_bytes(digest) % arms


def judge(_ctx: Context, rows: Sequence[Candidate]) -> Sequence[Candidate]:
    """All of them, worded as they are sent now; one statement while nothing is on trial.

    Messages to staff are never on trial, nor are lines that were rewritten already.
    """
    running = db.session.execute(select(Arm).where(Arm.is_on)).scalars().all()
    arms: dict[MessageKind, dict[int, Arm]] = {}
    for arm in running:
        arms.setdefault(arm.kind, {})[arm.number] = arm
    chosen = {
        row.id: _arm(row.to_resident_id, arms[row.kind])
        for row in rows
        if row.kind in arms and row.to_resident_id is not None and _is_usual(row)
    }
    _remember(chosen)
    return [_worded(row, chosen[row.id]) if row.id in chosen else row for row in rows]


def _arm(person_id: UUID, arms: Mapping[int, Arm]) -> Arm:
    return arms[arm_of(person_id, arms[0].trial_id, len(arms))]


def _is_usual(row: Candidate) -> bool:
    return bool(json.loads(row.content).get(FIRST_LINE) == usual_line(row.kind))


def _worded(row: Candidate, arm: Arm) -> Candidate:
    if arm.line is None:
        return row
    content = json.loads(row.content) | {FIRST_LINE: arm.line}
    return replace(row, content=json.dumps(content, ensure_ascii=False))


def _remember(chosen: Mapping[UUID, Arm]) -> None:
    if chosen:
        columns: dict[str, Any] = {
            "ids": list(chosen),
            "arms": [arm.id for arm in chosen.values()],
            "lines": [arm.line for arm in chosen.values()],
        }
        db.session.execute(_SET, columns)


def fits_first_line(line: str) -> bool:
    """Whether a line can stand there as it is: whole, printable, and telling nothing of anybody."""
    try:
        return fit(Kind.THING, line) == line and tells(line) is None
    except DoesNotFit:
        return False


def usual_line(kind: MessageKind) -> str:
    """The first line that everybody outside a trial reads."""
    return catalogue().kind[kind].texts[FIRST_LINE]
