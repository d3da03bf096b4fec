"""What staff send and see of follow-ups."""

from typing import Any

from marshmallow import Schema, post_load, validate

from backend import followups
from backend.followups import Act
from miniapp_api import fields
from miniapp_api.contract import PageQuery, StrictSchema

STAFF_ACTS = (Act.ACKNOWLEDGE, Act.COMPLETE, Act.MISS)


def code(kind: Any, **options: Any) -> fields.Enum[Any]:
    """One of a numbered enumeration's codes."""
    return fields.Enum(kind, by_value=fields.Whole(min(kind), max(kind)), **options)


class FollowUpSchema(Schema):
    """One follow-up; `acts` says what may be done now, escalation is there for all to see."""

    id = fields.UUID(required=True)
    enrolment_id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    team_id = fields.UUID(required=True)
    doctor_id = fields.UUID(required=True)
    programme = fields.choice(followups.Programme, required=True)
    occasion = fields.choice(followups.Occasion, required=True)
    occasion_text = fields.Text(20, required=True, attribute="occasion.label")
    due_on = fields.Date(required=True)
    state = fields.choice(followups.State, required=True)
    state_text = fields.Text(20, required=True, attribute="state.label")
    told_at = fields.AwareDateTime(required=True, allow_none=True)
    answer_by = fields.AwareDateTime(required=True, allow_none=True)
    escalated_at = fields.AwareDateTime(required=True, allow_none=True)
    escalated_to = fields.UUID(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_by = fields.UUID(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.UUID(required=True, allow_none=True)
    outcome = fields.choice(followups.Outcome, required=True, allow_none=True)
    advice = fields.choice(followups.Advice, required=True, allow_none=True)
    acts = fields.Function(
        lambda visit: [act for act in visit.acts if act in STAFF_ACTS],
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )


class ReadingSchema(Schema):
    """One reading, in mmHg and beats a minute; `source` tells a visit's from one of home."""

    id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    followup_id = fields.UUID(required=True)
    source = fields.choice(followups.Source, required=True)
    source_text = fields.Text(20, required=True, attribute="source.label")
    taken_on = fields.Date(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    systolic = fields.Whole(40, 300, required=True)
    diastolic = fields.Whole(20, 250, required=True)
    heart_rate = fields.Whole(20, 250, required=True, allow_none=True)
    done_by = fields.done_by()
    remarks = fields.List(fields.Text(200), required=True)
    symptoms = fields.List(code(followups.Symptom), required=True)
    signs = fields.List(fields.choice(followups.Sign), required=True)
    adherence = code(followups.Adherence, required=True, allow_none=True)
    is_urgent = fields.Function(followups.is_urgent, required=True, metadata={"type": "boolean"})


class TaskSchema(Schema):
    """A follow-up in the team's list, with whose it is."""

    follow_up = fields.Nested(FollowUpSchema, required=True, attribute="visit")
    resident_name = fields.Text(100, required=True, attribute="name")
    age = fields.Whole(0, 150, required=True)
    is_overdue = fields.Boolean(required=True)


class TaskDetailSchema(Schema):
    """One task, the home readings given in answer to it, and what came after it."""

    follow_up = fields.Nested(FollowUpSchema, required=True, attribute="visit")
    resident_name = fields.Text(100, required=True, attribute="task.name")
    age = fields.Whole(0, 150, required=True, attribute="task.age")
    is_overdue = fields.Boolean(required=True, attribute="task.is_overdue")
    answers = fields.List(fields.Nested(ReadingSchema), required=True)
    next = fields.Nested(FollowUpSchema, required=True, allow_none=True)


class ReasonSchema(Schema):
    """Why a referral is advised [转诊原因]."""

    code = fields.Function(int, required=True, metadata={"type": "integer"})
    text = fields.Text(40, required=True, attribute="label")


class AttemptedSchema(Schema):
    """The follow-up just closed and the one that comes after it, if there is one."""

    follow_up = fields.Nested(FollowUpSchema, required=True, attribute="visit")
    next = fields.Nested(FollowUpSchema, required=True, allow_none=True)


class JudgedSchema(AttemptedSchema):
    """What the standard says of the reading, by which edition, and why."""

    control = code(followups.Control, required=True, attribute="visit.control")
    control_text = fields.Text(20, required=True, attribute="visit.control.label")
    advice = fields.choice(followups.Advice, required=True, attribute="visit.advice")
    advice_text = fields.Text(20, required=True, attribute="visit.advice.label")
    reasons = fields.List(fields.Nested(ReasonSchema), required=True, attribute="visit.reasons")
    rule_set = fields.Text(60, required=True, attribute="visit.rule_set")


class TasksQuery(PageQuery):
    """Which follow-ups."""

    state = fields.choice(followups.State)
    due_before = fields.Date()


class LifestyleSchema(StrictSchema):
    """Habits: a day's cigarettes and 两 of spirits, a week's exercise, how salty the meals are."""

    weight_kg = fields.Float(validate=validate.Range(2, 400, error="应在 2 到 400 之间"))
    cigarettes = fields.Whole(0, 200)
    alcohol = fields.Float(validate=validate.Range(0, 100, error="应在 0 到 100 之间"))
    exercise_per_week = fields.Whole(0, 50)
    exercise_minutes = fields.Whole(0, 1000)
    salt = code(followups.Salt)


class ResultSchema(StrictSchema):
    """The form of a visit [高血压患者随访服务记录表]; `taken_on` where it was not today."""

    taken_on = fields.Date()
    way = code(followups.Way, required=True)
    systolic = fields.Whole(40, 300, required=True)
    diastolic = fields.Whole(20, 250, required=True)
    heart_rate = fields.Whole(20, 250)
    symptoms = fields.List(
        code(followups.Symptom),
        validate=validate.Length(max=9, error="最多 9 项"),
        load_default=list,
    )
    signs = fields.List(
        fields.choice(followups.Sign),
        validate=validate.Length(max=8, error="最多 8 项"),
        load_default=list,
    )
    pregnant_or_lactating = fields.Boolean(load_default=False)
    reaction = fields.choice(followups.Reaction, load_default=followups.Reaction.NONE)
    complication = fields.choice(
        followups.Complication, load_default=followups.Complication.NO_CHANGE
    )
    adherence = code(followups.Adherence)
    lifestyle = fields.Nested(LifestyleSchema)
    note = fields.Text(500)

    @post_load
    def _sets(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What is ticked has no order."""
        ticked = {name: frozenset(data[name]) for name in ("symptoms", "signs")}
        return data | ticked


class AttemptSchema(StrictSchema):
    """Why no reading came of it, and whether the programme ends with it."""

    obstacle = fields.choice(followups.Obstacle, required=True)
    way = code(followups.Way, required=True)
    ends_programme = fields.Boolean(load_default=False)
    note = fields.Text(500)


class EnrolmentSchema(StrictSchema):
    """When the diagnosis was made, and the first follow-up where a quarter is too far."""

    diagnosed_on = fields.Date(required=True)
    first_on = fields.Date()
