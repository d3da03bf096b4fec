"""文案试验: which wording helps people keep their appointments, by the consortium's managers."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from marshmallow import Schema, validate

from backend import trials
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.messaging import MessageKind
from backend.trials import Shown, Trial, TrialAct, TrialState, Verdict
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes

api = Api("trials", Audience.MANAGER, "/trials")


class TrialSchema(Schema):
    """A trial; its first line is that of the usual wording, which is never changed."""

    id = fields.UUID(required=True)
    kind = fields.choice(MessageKind, required=True)
    question = fields.Text(200, required=True)
    wordings = fields.List(fields.Text(20), required=True, attribute="lines")
    people = fields.Whole(1, 1_000_000, required=True)
    ends_on = fields.Date(required=True)
    state = fields.choice(TrialState, required=True)
    verdict = fields.choice(Verdict, required=True, allow_none=True)
    ethics_reference = fields.Text(100, required=True, allow_none=True)
    acts = fields.List(fields.choice(TrialAct), required=True)


TrialPage = page_of(TrialSchema)


class ArmSchema(Schema):
    """A wording and what became of its people, each counted once; `benefit` in standard errors."""

    number = fields.Whole(0, 2, required=True)
    line = fields.Text(20, required=True)
    written_to = fields.Whole(0, 2_000_000, required=True, attribute="tally.written_to")
    read = fields.Whole(0, 2_000_000, required=True, attribute="tally.read")
    came = fields.Whole(0, 2_000_000, required=True, attribute="tally.came")
    cancelled = fields.Whole(0, 2_000_000, required=True, attribute="tally.cancelled")
    missed = fields.Whole(0, 2_000_000, required=True, attribute="tally.missed")
    benefit = fields.Float(required=True)


class TrialWithArmsSchema(Schema):
    """A trial and its arms so far."""

    trial = fields.Nested(TrialSchema, required=True)
    arms = fields.List(fields.Nested(ArmSchema), required=True)


class ProposedTrialSchema(StrictSchema):
    """What is asked, and one or two wordings beside the usual one."""

    kind = fields.choice(MessageKind, required=True)
    question = fields.Text(200, required=True)
    wordings = fields.List(
        fields.Text(20), required=True, validate=validate.Length(1, 2, error="应为 1 到 2 种文案")
    )
    people = fields.Whole(1, 1_000_000, required=True)
    ends_on = fields.Date(required=True)


class EthicsSchema(StrictSchema):
    """The number of the ethics board's decision [伦理审查批件号]."""

    reference = fields.Text(100, required=True)


@api.get("")
@lists(PageQuery)
@gives(TrialPage)
def listed(ctx: Context, *, wanted: Wanted) -> Page[Trial]:
    """文案试验 · The newest first."""
    return trials.listed(ctx, wanted)


@api.get("/<uuid:trial_id>")
@gives(TrialWithArmsSchema)
def find(ctx: Context, trial_id: UUID) -> Shown:
    """试验结果 · Sums of each wording, never a person."""
    return trials.find(ctx, trial_id)


@api.post("")
@takes(ProposedTrialSchema)
@gives(TrialSchema, 201)
def propose(
    ctx: Context,
    *,
    kind: MessageKind,
    question: str,
    wordings: Sequence[str],
    people: int,
    ends_on: date,
) -> Trial:
    """提出试验 · Question, wordings, size and end are fixed before anybody is tried on."""
    return trials.propose(
        ctx, kind=kind, question=question, lines=wordings, people=people, ends_on=ends_on
    )


@api.post("/<uuid:trial_id>/approval")
@takes(EthicsSchema)
@gives(TrialSchema)
def approve(ctx: Context, trial_id: UUID, *, reference: str) -> Trial:
    """审批并开始 · By another manager, on the ethics board's word."""
    return trials.approve(ctx, trials.hold(ctx, trial_id), reference)


@api.post("/<uuid:trial_id>/refusal")
@gives(TrialSchema)
def discard(ctx: Context, trial_id: UUID) -> Trial:
    """不予开展 · It never begins."""
    return trials.discard(ctx, trials.hold(ctx, trial_id))


@api.post("/<uuid:trial_id>/end")
@gives(TrialSchema)
def stop(ctx: Context, trial_id: UUID) -> Trial:
    """立即停止 · Everybody is written to as usual from now on."""
    return trials.stop(ctx, trials.hold(ctx, trial_id))
