"""Before and after the judgement of a draft: what is known of the resident, and what is kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from backend import identity
from backend.kernel.context import Context
from backend.prescriptions import queries
from backend.prescriptions.models import FormularyDrug, Prescription, PrescriptionLine, State
from backend.prescriptions.order import Draft, Line, Order, Stop
from backend.prescriptions.rules import LongPrescription, turn_of, valid_until


def order_of(
    ctx: Context,
    prescription: Prescription,
    draft: Draft,
    drugs: Sequence[FormularyDrug],
    std: LongPrescription,
) -> Order:
    """The draft with what is known beforehand: turn, confirmation, contract, the doctor's rank."""
    doctor = identity.staff(ctx, [ctx.actor.id])[ctx.actor.id]
    before = queries.supplies(prescription.resident_id)
    return Order(
        diagnoses=draft.diagnoses,
        lines=_judged(draft, drugs),
        days=draft.days,
        turn=turn_of(_goes_on(ctx, before, drugs, std), _stops(before, draft), std),
        prescriber_title=identity.rank_of(doctor.title),
        condition_stable=draft.assessment.fits,
        assessed=draft.assessment.note is not None,
        educated=draft.assessment.educated,
        confirmed=_confirmed(prescription, draft, drugs),
        since_last=draft.since_last,
        in_hand=_in_hand(ctx, before),
    )


def _confirmed(prescription: Prescription, draft: Draft, drugs: Sequence[FormularyDrug]) -> bool:
    """What she confirmed names drugs and days: other drugs or more days are not confirmed."""
    agreed = prescription.confirmation.days if prescription.confirmation else 0
    return draft.days <= agreed and set(drugs) <= set(prescription.wishes)


def _judged(draft: Draft, drugs: Sequence[FormularyDrug]) -> list[Line]:
    return [
        Line(
            drug=drug.value,
            dose=line.dose,
            times_per_day=line.times_per_day,
            quantity=line.quantity,
            usage=line.usage,
        )
        for line, drug in zip(draft.lines, drugs, strict=True)
    ]


def _goes_on(
    ctx: Context,
    before: Sequence[Prescription],
    drugs: Sequence[FormularyDrug],
    std: LongPrescription,
) -> bool:
    """A renewal goes on with drugs taken until lately; another drug makes it a first (LP-11)."""
    earliest = ctx.today - timedelta(days=std.renewal_within_days)
    taken = {
        line.drug_id
        for row in before
        if row.state is not State.TERMINATED
        and row.runs_out_on is not None
        and row.runs_out_on >= earliest
        for line in row.handed_out
    }
    return {drug.id for drug in drugs} <= taken


def _stops(before: Sequence[Prescription], draft: Draft) -> frozenset[Stop]:
    """What has stopped the drugs since they were last prescribed."""
    newest = before[0].issued_at if before else None
    stopped = {
        row.end_reason
        for row in before
        if row.end_reason and newest and row.ended_at and row.ended_at >= newest
    }
    return draft.since_last | stopped


def _in_hand(ctx: Context, before: Sequence[Prescription]) -> dict[str, int]:
    """For how many days she still has each drug, by its code."""
    return {
        line.drug.code: (row.runs_out_on - ctx.today).days
        for row in sorted(before, key=lambda row: row.runs_out_on or date.min)
        if row.state is State.IN_USE and row.runs_out_on is not None
        for line in row.handed_out
    }


def write(
    ctx: Context, prescription: Prescription, draft: Draft, order: Order, std: LongPrescription
) -> None:
    """Put a lawful draft on record, with the rules that it was judged by."""
    assessment = draft.assessment
    prescription.issued_at, prescription.issue_number = ctx.at, prescription.issue_number + 1
    prescription.turn, prescription.days = order.turn, draft.days
    prescription.diagnoses = list(draft.diagnoses)
    prescription.stable, prescription.adherent = assessment.stable, assessment.adherent
    prescription.plan_fits, prescription.educated = assessment.plan_fits, assessment.educated
    prescription.note = assessment.note
    prescription.rule_set = std.rule_set
    prescription.valid_until = valid_until(ctx.today, draft.extended, std)


def lines_of(
    prescription: Prescription, draft: Draft, drugs: Sequence[FormularyDrug]
) -> list[PrescriptionLine]:
    """The rows of a draft's lines, under the prescription's present issue number."""
    return [
        PrescriptionLine(
            prescription_id=prescription.id,
            issue_number=prescription.issue_number,
            position=position,
            drug_id=drug.id,
            drug=drug,
            dose=line.dose,
            times_per_day=line.times_per_day,
            quantity=line.quantity,
            usage=line.usage,
        )
        for position, (line, drug) in enumerate(zip(draft.lines, drugs, strict=True))
    ]
