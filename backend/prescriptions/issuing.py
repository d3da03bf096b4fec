"""Before and after the judgement of a draft: what is known of the resident, and what is kept."""

from collections.abc import Sequence

from backend import identity
from backend.kernel.context import Context
from backend.prescriptions import queries
from backend.prescriptions.models import FormularyDrug, Prescription, PrescriptionLine
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
    agreed = prescription.confirmation.days if prescription.confirmation else 0
    last = queries.last_of(prescription.resident_id)
    return Order(
        diagnoses=draft.diagnoses,
        lines=_judged(draft, drugs),
        days=draft.days,
        turn=turn_of(_goes_on(last, drugs), _stops(last, draft), std),
        prescriber_title=identity.rank_of(doctor.title),
        condition_stable=draft.assessment.fits,
        assessed=draft.assessment.note is not None,
        educated=draft.assessment.educated,
        confirmed=draft.days <= agreed,
        contract_active=queries.signed_team(ctx, prescription.resident_id) is not None,
        since_last=draft.since_last,
    )


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


def _goes_on(last: Prescription | None, drugs: Sequence[FormularyDrug]) -> bool:
    """A renewal goes on with drugs of the last one; another drug makes it a first (LP-11)."""
    taken = {line.drug_id for line in last.lines} if last else set()
    return bool(taken) and {drug.id for drug in drugs} <= taken


def _stops(last: Prescription | None, draft: Draft) -> frozenset[Stop]:
    stopped = {last.end_reason} if last and last.end_reason else set()
    return draft.since_last | stopped


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
