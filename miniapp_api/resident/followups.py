"""我的随访: what is planned, what was found, and an answer measured at home."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema, validate

from backend import followups
from backend.followups import Act, Advice, Danger, FollowUp, Measurement, Symptom
from backend.kernel.context import Context, Scope
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes

api = Api("followups", Audience.RESIDENT)

DANGERS: Mapping[Danger, str] = {
    Danger.PRESSURE: "这个血压很高。",
    Danger.SYMPTOM: "您说的不适可能需要马上处理。",
    Danger.SIGN: "您现在的情况需要马上处理。",
    Danger.PREGNANCY: "孕期或哺乳期血压偏高，需要马上处理。",
}
CALL_FOR_HELP = (
    "请马上坐下休息，最好有人陪着您；如有胸闷、头痛、看不清、说话或走路不便，请立即拨打 120。"
    "正在通知您的家庭医生团队；联系不上请立即拨打 120。"
)
ADVICE: Mapping[Advice, str] = {
    Advice.ROUTINE: "这次情况平稳。请照常生活和用药，到约定的日子再来随访。",
    Advice.RECHECK: "这次还不够理想。请在两周内按约定的日子来复查，不要自己加药或停药。",
    Advice.REFER: "建议您到上级医院再看一看。请和您的家庭医生商量去哪家医院、什么时候去。",
    Advice.REFER_NOW: "您的情况需要马上到医院处理。请立即就医；觉得不好或没人陪同，请拨打 120。",
}
THANKS = "已记录，您的家庭医生团队会看到。谢谢您按时测量。"


def what_to_do(dangers: Sequence[Danger]) -> str:
    """A kind word, or what is dangerous and where help comes from."""
    if not dangers:
        return THANKS
    return "".join(DANGERS[danger] for danger in dangers) + CALL_FOR_HELP


class OwnFollowUpSchema(Schema):
    """One of my follow-ups; `acts` says what I may do now, `advice_text` what to do."""

    id = fields.UUID(required=True)
    programme = fields.choice(followups.Programme, required=True)
    programme_text = fields.Text(20, required=True, attribute="programme.label")
    occasion = fields.choice(followups.Occasion, required=True)
    occasion_text = fields.Text(20, required=True, attribute="occasion.label")
    due_on = fields.Date(required=True)
    state = fields.choice(followups.State, required=True)
    state_text = fields.Text(20, required=True, attribute="state.label")
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    advice = fields.choice(followups.Advice, required=True, allow_none=True)
    advice_text = fields.Function(
        lambda visit: visit.advice and ADVICE[visit.advice],
        required=True,
        metadata={"type": ["string", "null"]},
    )
    acts = fields.Function(
        lambda visit: [act for act in visit.acts if act is Act.ANSWER],
        required=True,
        metadata={"type": "array", "items": {"type": "string"}},
    )


class Planned:
    """A follow-up in the list: what came of it is for the person, and for who may read results."""

    def __init__(self, ctx: Context, visit: FollowUp) -> None:
        self._visit = visit
        may_read = ctx.proxy is None or Scope.RESULTS in ctx.proxy.scopes
        self.advice = visit.advice if may_read else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._visit, name)


class OwnReadingSchema(Schema):
    """One of my readings, in mmHg and beats a minute."""

    id = fields.UUID(required=True)
    followup_id = fields.UUID(required=True)
    source = fields.choice(followups.Source, required=True)
    source_text = fields.Text(20, required=True, attribute="source.label")
    taken_on = fields.Date(required=True)
    systolic = fields.Whole(40, 300, required=True)
    diastolic = fields.Whole(20, 250, required=True)
    heart_rate = fields.Whole(20, 250, required=True, allow_none=True)
    done_by = fields.done_by()
    remarks = fields.List(fields.Text(200), required=True)


class AnsweredSchema(OwnReadingSchema):
    """What was kept, and a kind word; `is_urgent` asks for help at once."""

    is_urgent = fields.Function(followups.is_urgent, required=True, metadata={"type": "boolean"})
    text = fields.Function(
        lambda row: what_to_do(followups.dangers_of(row)),
        required=True,
        metadata={"type": "string"},
    )


class AnswerSchema(StrictSchema):
    """What I measured at home."""

    systolic = fields.Whole(40, 300, required=True)
    diastolic = fields.Whole(20, 250, required=True)
    heart_rate = fields.Whole(20, 250)
    symptoms = fields.List(
        fields.Enum(Symptom, by_value=fields.Whole(1, 9)),
        validate=validate.Length(max=9, error="最多 9 项"),
        load_default=list,
    )


@api.get("/follow-ups")
@lists(PageQuery)
@gives(page_of(OwnFollowUpSchema))
def mine(ctx: Context, *, wanted: Wanted) -> Page[Planned]:
    """我的随访 · The latest day first; who receives reminders alone sees no advice."""
    found = followups.own(ctx, wanted)
    return Page([Planned(ctx, visit) for visit in found.items], found.next)


@api.get("/follow-ups/<uuid:followup_id>")
@gives(OwnFollowUpSchema)
def one(ctx: Context, followup_id: UUID) -> FollowUp:
    """随访详情 · One of my follow-ups."""
    return followups.find(ctx, followup_id)


@api.post("/follow-ups/<uuid:followup_id>/answer")
@takes(AnswerSchema)
@creates(AnsweredSchema)
def answer(ctx: Context, followup_id: UUID, **measured: Any) -> Measurement:
    """家庭自测 · Kept for the team to see; the visit itself still takes place."""
    symptoms = frozenset(measured.pop("symptoms"))
    visit = followups.hold(ctx, followup_id)
    return followups.answer(ctx, visit, symptoms=symptoms, **measured)


@api.get("/readings")
@lists(PageQuery)
@gives(page_of(OwnReadingSchema))
def readings(ctx: Context, *, wanted: Wanted) -> Page[Measurement]:
    """我的血压记录 · Of visits and from home, newest first."""
    return followups.readings(ctx, ctx.person, wanted)
