"""Enrolments, follow-ups and readings: what is kept, and what can never be false."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.followups.columns import Coded, codes, names
from backend.followups.form import (
    Adherence,
    Advice,
    Complication,
    Control,
    EndReason,
    Findings,
    Outcome,
    Reaction,
    Reason,
    Salt,
    Sign,
    Symptom,
    Way,
)
from backend.followups.rules import Assessment, Reading
from backend.kernel.context import Context, Kinship
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class Programme(StrEnum):
    """What a resident is followed up for [随访项目]."""

    HYPERTENSION = "hypertension"

    @property
    def label(self) -> str:
        """Name it for people."""
        return "高血压"


class EnrolmentState(StrEnum):
    """Where an enrolment stands."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class EnrolmentAct(StrEnum):
    """What can become of an enrolment."""

    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"


ENROLMENT_LIFE = Lifecycle(
    {
        (EnrolmentState.ACTIVE, EnrolmentAct.SUSPEND): EnrolmentState.SUSPENDED,
        (EnrolmentState.SUSPENDED, EnrolmentAct.RESUME): EnrolmentState.ACTIVE,
        (EnrolmentState.ACTIVE, EnrolmentAct.END): EnrolmentState.ENDED,
        (EnrolmentState.SUSPENDED, EnrolmentAct.END): EnrolmentState.ENDED,
    }
)


class Enrolment(Base):
    """建档管理: a resident in a programme, once at a time; suspended while no contract is live."""

    __tablename__ = "enrolment"
    __table_args__ = (
        Index(
            "uq_enrolment_live",
            "resident_id",
            "programme",
            unique=True,
            postgresql_where=text("state <> 'ended'"),
        ),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", "ended_has_day"),
        CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", "end_has_reason"),
    )
    resident_id: Mapped[UUID]
    programme: Mapped[Programme]
    state: Mapped[EnrolmentState] = mapped_column(default=EnrolmentState.ACTIVE)
    diagnosed_on: Mapped[date]
    enrolled_on: Mapped[date]
    enrolled_by: Mapped[UUID]
    ended_on: Mapped[date | None]
    end_reason: Mapped[EndReason | None] = mapped_column(Coded(EndReason))


class State(StrEnum):
    """Where a follow-up stands; overdue is no state, the clock tells it."""

    SCHEDULED = "scheduled"
    DUE = "due"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """Name it for people."""
        labels = ("已安排", "待处理", "逾时已上报", "已接手", "已完成", "未访到", "已取消")
        return labels[list(State).index(self)]


class Act(StrEnum):
    """What can be done with a follow-up."""

    FALL_DUE = "fall_due"
    ESCALATE = "escalate"
    ACKNOWLEDGE = "acknowledge"
    COMPLETE = "complete"
    MISS = "miss"
    ANSWER = "answer"
    CANCEL = "cancel"


OPEN = (State.SCHEDULED, State.DUE, State.ESCALATED, State.ACKNOWLEDGED)
BEGUN = (State.ESCALATED, State.ACKNOWLEDGED)
# A patient who walks in is measured there and then, so a result needs no acknowledgement before.
# What has not fallen due cannot be taken on: the resident would never be reminded of it.
LIFE = Lifecycle(
    {
        (State.SCHEDULED, Act.FALL_DUE): State.DUE,
        (State.DUE, Act.ESCALATE): State.ESCALATED,
        (State.DUE, Act.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.ESCALATED, Act.ACKNOWLEDGE): State.ACKNOWLEDGED,
        **{(state, Act.COMPLETE): State.DONE for state in OPEN},
        **{(state, Act.MISS): State.MISSED for state in OPEN},
        **{(state, Act.ANSWER): state for state in OPEN},
        **{(state, Act.CANCEL): State.CANCELLED for state in OPEN},
    }
)


class Occasion(StrEnum):
    """Why a follow-up is planned."""

    ROUTINE = "routine"
    RECHECK = "recheck"
    RETRY = "retry"

    @property
    def label(self) -> str:
        """Name it for people."""
        return ("季度随访", "两周复查", "再次联系")[list(Occasion).index(self)]


class FollowUp(Base):
    """随访: one visit, planned, put to the team, and closed by a reading or an honest reason."""

    __tablename__ = "followup"
    __table_args__ = (
        Index(
            "uq_followup_open",
            "enrolment_id",
            unique=True,
            postgresql_where=text("state IN ('scheduled', 'due', 'escalated', 'acknowledged')"),
        ),
        Index(None, "resident_id", "due_on"),
        Index("ix_followup_scheduled", "due_on", postgresql_where=text("state = 'scheduled'")),
        Index(
            "ix_followup_late",
            "due_on",
            postgresql_where=text(
                "state IN ('escalated', 'acknowledged') AND overdue_told_at IS NULL"
            ),
        ),
        Index("ix_followup_waiting", "answer_by", postgresql_where=text("state = 'due'")),
        CheckConstraint(
            "(state IN ('done', 'missed')) = (outcome IS NOT NULL)", "done_has_outcome"
        ),
        CheckConstraint("(state = 'done') = (outcome IS NOT DISTINCT FROM 'seen')", "done_is_seen"),
        CheckConstraint("(state = 'done') = (advice IS NOT NULL)", "done_has_advice"),
        CheckConstraint("(advice IS NULL) = (rule_set IS NULL)", "advice_has_rule_set"),
        CheckConstraint("(told_at IS NULL) = (answer_by IS NULL)", "told_has_limit"),
        CheckConstraint("state <> 'due' OR told_at IS NOT NULL", "due_was_told"),
        CheckConstraint("(escalated_at IS NULL) = (escalated_to IS NULL)", "escalated_to_somebody"),
        CheckConstraint("state <> 'escalated' OR escalated_at IS NOT NULL", "escalated_has_time"),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", "acknowledged_by_somebody"
        ),
        CheckConstraint(
            "state <> 'acknowledged' OR acknowledged_at IS NOT NULL", "acknowledged_has_time"
        ),
        CheckConstraint(
            "(state IN ('done', 'missed', 'cancelled')) = (closed_at IS NOT NULL)",
            "closed_has_time",
        ),
    )
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("followup.id"), unique=True)
    resident_id: Mapped[UUID]
    programme: Mapped[Programme]
    team_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    occasion: Mapped[Occasion]
    due_on: Mapped[date]
    state: Mapped[State] = mapped_column(default=State.SCHEDULED)
    told_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    escalated_to: Mapped[UUID | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    overdue_told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    outcome: Mapped[Outcome | None]
    way: Mapped[Way | None] = mapped_column(Coded(Way))
    note_plain: Mapped[str | None] = mapped_column("note")
    note_sealed: Mapped[bytes | None]
    control: Mapped[Control | None] = mapped_column(Coded(Control))
    advice: Mapped[Advice | None]
    reasons: Mapped[list[Reason] | None] = mapped_column(codes(Reason))
    rule_set: Mapped[str | None]

    note = Sealed("note_plain")

    @property
    def acts(self) -> list[Act]:
        """What may be done now; clients draw their buttons from this."""
        return LIFE.acts(self.state)

    def close(self, ctx: Context, act: Act) -> None:
        """Leave the open states; raises `IllegalMove`."""
        self.state = LIFE.after(self.state, act)
        self.closed_at, self.closed_by = ctx.at, ctx.actor.id

    def pass_on(self, before: UUID, after: UUID) -> None:
        """Put what was in one pair of hands into another; who did what is in the events."""
        for name in ("doctor_id", "escalated_to", "acknowledged_by"):
            if getattr(self, name) == before:
                setattr(self, name, after)

    def judged(self, assessment: Assessment) -> None:
        """Keep what the standard said, and which edition said it."""
        self.control, self.advice = assessment.control, assessment.advice
        self.reasons, self.rule_set = list(assessment.reasons), assessment.rule_set


class Source(StrEnum):
    """Where a reading comes from; only a visit's is classified."""

    VISIT = "visit"
    HOME = "home"

    @property
    def label(self) -> str:
        """Name it for people."""
        return "随访测量" if self is Source.VISIT else "家庭自测"


class Measurement(Base):
    """血压记录: what a visit found, or what the resident measured at home."""

    __tablename__ = "measurement"
    __table_args__ = (
        Index(None, "resident_id", "taken_on"),
        Index(None, "followup_id"),
        CheckConstraint("systolic > diastolic", "pressures"),
        CheckConstraint("(source = 'visit') = (way IS NOT NULL)", "visit_has_way"),
    )
    resident_id: Mapped[UUID]
    followup_id: Mapped[UUID] = mapped_column(ForeignKey("followup.id"))
    source: Mapped[Source]
    taken_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    by_kinship: Mapped[Kinship | None]
    alerted: Mapped[bool] = mapped_column(default=False)
    systolic: Mapped[int]
    diastolic: Mapped[int]
    heart_rate: Mapped[int | None]
    symptoms: Mapped[list[Symptom]] = mapped_column(codes(Symptom))
    signs: Mapped[list[Sign]] = mapped_column(names(Sign))
    pregnant_or_lactating: Mapped[bool]
    reaction: Mapped[Reaction]
    complication: Mapped[Complication]
    way: Mapped[Way | None] = mapped_column(Coded(Way))
    adherence: Mapped[Adherence | None] = mapped_column(Coded(Adherence))
    weight_kg: Mapped[float | None] = mapped_column(Float)
    cigarettes: Mapped[int | None]
    alcohol: Mapped[float | None] = mapped_column(Float)
    exercise_per_week: Mapped[int | None]
    exercise_minutes: Mapped[int | None]
    salt: Mapped[Salt | None] = mapped_column(Coded(Salt))

    notes: Mapped[list["MeasurementNote"]] = relationship(
        lazy="selectin", order_by="MeasurementNote.id"
    )

    @classmethod
    def of(
        cls,
        ctx: Context,
        followup: FollowUp,
        reading: Reading,
        *,
        heart_rate: int | None,
        found: Findings | None = None,
    ) -> "Measurement":
        """Write a reading down: with the form it is a visit's, without it one from home."""
        habits = vars(found.lifestyle) if found else {}
        return cls(
            resident_id=followup.resident_id,
            followup_id=followup.id,
            source=Source.VISIT if found else Source.HOME,
            recorded_at=ctx.at,
            recorded_by=ctx.actor.id,
            by_kinship=ctx.by_kinship,
            heart_rate=heart_rate,
            way=found and found.way,
            adherence=found and found.adherence,
            **habits,
            **vars(reading)
            | {
                "symptoms": sorted(reading.symptoms),
                "signs": sorted(reading.signs),
            },
        )

    @property
    def remarks(self) -> list[str]:
        """What the person says against it, oldest first."""
        return [note.text or "" for note in self.notes]

    @property
    def reading(self) -> Reading:
        """The reading as the rules judge it."""
        return Reading(
            taken_on=self.taken_on,
            systolic=self.systolic,
            diastolic=self.diastolic,
            symptoms=frozenset(self.symptoms),
            signs=frozenset(self.signs),
            pregnant_or_lactating=self.pregnant_or_lactating,
            reaction=self.reaction,
            complication=self.complication,
        )


class MeasurementNote(Base):
    """更正说明: what the person says against a reading; the reading itself stays as it is."""

    __tablename__ = "measurement_note"
    __table_args__ = (Index(None, "measurement_id"),)
    measurement_id: Mapped[UUID] = mapped_column(ForeignKey("measurement.id"))
    text_sealed: Mapped[bytes]
    added_at: Mapped[datetime]
    added_by: Mapped[UUID]

    text = Sealed()
