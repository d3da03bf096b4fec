"""From a resident's wish to drugs in her hand: confirm, issue, review, dispense, end."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from backend import network
from backend.kernel import relations, sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotForProxies, NotFound, NotNow
from backend.kernel.events import record
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, permitted
from backend.kernel.sensitive import Traits
from backend.kernel.transaction import attempt
from backend.prescriptions import policy, queries
from backend.prescriptions.dispensing import (
    Handover,
    handed_over,
    out_of_drugs_on,
    registered,
    renewed_by,
)
from backend.prescriptions.ending import end
from backend.prescriptions.errors import (
    AlreadyOpen,
    ContractNeeded,
    Lapsed,
    NotLawful,
    TextChanged,
)
from backend.prescriptions.events import (
    PrescriptionConfirmed,
    PrescriptionDispensed,
    PrescriptionIssued,
    PrescriptionRequested,
    PrescriptionReturned,
    PrescriptionReviewed,
)
from backend.prescriptions.issuing import lines_of, order_of, write
from backend.prescriptions.models import (
    LIFE,
    Act,
    Confirmation,
    Dispensing,
    Prescription,
    Review,
    State,
    Verdict,
)
from backend.prescriptions.order import Draft, Order, Stop
from backend.prescriptions.rules import (
    LONG_PRESCRIPTION,
    Refusal,
    judge,
    judge_days,
    policy_of,
)


@admitted(policy.to_request)
def request(
    ctx: Context,
    *,
    drugs: Sequence[str],
    days: int,
    institution_id: UUID,
    change: str | None = None,
) -> Prescription:
    """Ask the signed team for these drugs (codes of the formulary) for so many days.

    Raises `ContractNeeded`, `UnknownDrug`, `NotLawful`, `AlreadyOpen`, `Invalid`; a family member
    hears `NotNow` for `AlreadyOpen`, whether or not the open one is kept from family.
    """
    team_id = queries.signed_team(ctx, ctx.person)
    if team_id is None:
        raise ContractNeeded(clause="LP-15")
    std = LONG_PRESCRIPTION.on(ctx.today)
    _require_lawful([*judge_days(days, std, policy_of(ctx.region, std))])
    wanted = Prescription(
        resident_id=ctx.person,
        team_id=team_id,
        institution_id=_institution(ctx, institution_id),
        state=State.REQUESTED,
        days_wanted=days,
        change=change,
        requested_at=ctx.at,
        by_kinship=ctx.by_kinship,
        wishes=queries.drugs(list(dict.fromkeys(drugs)), "/drugs/{}"),
    )
    _open(ctx, wanted)
    record(ctx, PrescriptionRequested(ctx.person, wanted.id, team_id))
    return wanted


def _institution(ctx: Context, institution_id: UUID) -> UUID:
    try:
        return network.find(ctx, institution_id).id
    except NotFound:
        raise Invalid(faults=[Fault("/institution_id", "没有这家机构，请重新选择")]) from None


def _open(ctx: Context, wanted: Prescription) -> None:
    """What is kept from family members no family member may ask for; it is marked as such."""
    traits = Traits(drugs=[drug.atc for drug in wanted.wishes])
    if sensitive.is_kept(ctx, traits):
        raise NotForProxies
    try:
        with attempt():
            db.session.add(wanted)
            db.session.flush()
    except IntegrityError:
        raise (NotNow if ctx.proxy else AlreadyOpen) from None
    sensitive.mark(ctx, wanted.resident_id, [wanted.id], traits)


def _require_lawful(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise NotLawful(refusals)


@permitted(policy.own)
def confirm(ctx: Context, prescription: Prescription, digest: str) -> Prescription:
    """Keep the resident's agreement to the text with this digest (LP-4); raises `TextChanged`."""
    state = LIFE.after(prescription.state, Act.CONFIRM)
    if prescription.confirmation is not None:
        raise IllegalMove
    text = queries.confirmation_text(prescription)
    if digest != text.digest:
        raise TextChanged

    prescription.state = state
    prescription.confirmation = Confirmation(
        prescription_id=prescription.id,
        account_id=ctx.actor.id,
        days=prescription.days_wanted,
        version=text.version,
        text=text.body,
        text_hash=hashlib.sha256(text.body.encode()).digest(),
        confirmed_at=ctx.at,
        by_kinship=ctx.by_kinship,
    )
    days = prescription.days_wanted
    record(ctx, PrescriptionConfirmed(prescription.resident_id, prescription.id, days))
    return prescription


@permitted(policy.own)
def withdraw(ctx: Context, prescription: Prescription) -> Prescription:
    """Take the wish back; possible until the drugs are handed over."""
    return end(ctx, prescription, Act.WITHDRAW)


@permitted(policy.own_doctor)
def refuse(ctx: Context, prescription: Prescription, reason: str) -> Prescription:
    """Decline with a reason that the resident reads."""
    return end(ctx, prescription, Act.REFUSE, note=reason)


@permitted(policy.own_doctor)
def terminate(
    ctx: Context, prescription: Prescription, reason: Stop, note: str | None = None
) -> Prescription:
    """Stop a prescription (LP-11): the next one counts as a first."""
    return end(ctx, prescription, Act.TERMINATE, reason, note)


@permitted(policy.own_doctor)
def issue(ctx: Context, prescription: Prescription, draft: Draft) -> Prescription:
    """Prescribe; raises `UnknownDrug`, or `NotLawful` with every clause that forbids it."""
    state = LIFE.after(prescription.state, Act.ISSUE)
    std = LONG_PRESCRIPTION.on(ctx.today)
    drugs = queries.drugs([line.drug for line in draft.lines], "/lines/{}/drug")
    order = order_of(ctx, prescription, draft, drugs, std)
    _require_lawful(judge(order, std, policy_of(ctx.region, std)))

    if prescription.issued_at is None:
        _show_to_pharmacists(ctx, prescription)
    prescription.state, prescription.doctor_id = state, ctx.actor.id
    write(ctx, prescription, draft, order, std)
    prescription.every_line.extend(lines_of(prescription, draft, drugs))
    issued = Traits(diagnoses=draft.diagnoses, drugs=[drug.atc for drug in drugs])
    sensitive.mark(ctx, prescription.resident_id, [prescription.id], issued)
    record(ctx, _issued(prescription, order))
    return prescription


@permitted(policy.dispensing_pharmacist)
def approve(ctx: Context, prescription: Prescription, note: str | None = None) -> Prescription:
    """Pass what was issued (LP-12): the resident is told that she can come; raises `Lapsed`."""
    state = LIFE.after(prescription.state, Act.APPROVE)
    _require_valid(ctx, prescription)

    prescription.state = state
    prescription.reviews.append(_review(ctx, prescription, Verdict.PASSED, note))
    record(ctx, PrescriptionReviewed(prescription.resident_id, prescription.id))
    return prescription


@permitted(policy.dispensing_pharmacist)
def send_back(ctx: Context, prescription: Prescription, reason: str) -> Prescription:
    """Return what was issued to the doctor, who is told why to look again (LP-12)."""
    state = LIFE.after(prescription.state, Act.RETURN)

    prescription.state = state
    prescription.reviews.append(_review(ctx, prescription, Verdict.RETURNED, reason))
    record(ctx, PrescriptionReturned(prescription.resident_id, prescription.id))
    return prescription


def _show_to_pharmacists(ctx: Context, prescription: Prescription) -> None:
    relations.relate(
        ctx,
        prescription.resident_id,
        prescription.institution_id,
        relations.Kind.PRESCRIBED,
        source_id=prescription.id,
    )


def _issued(prescription: Prescription, order: Order) -> PrescriptionIssued:
    return PrescriptionIssued(
        prescription.resident_id,
        prescription.id,
        prescription.institution_id,
        order.days,
        order.turn,
    )


def _require_valid(ctx: Context, prescription: Prescription) -> None:
    if prescription.valid_until is None or prescription.valid_until < ctx.today:
        raise Lapsed(clause="RX-3")


def _review(
    ctx: Context, prescription: Prescription, verdict: Verdict, reason: str | None
) -> Review:
    return Review(
        prescription_id=prescription.id,
        issue_number=prescription.issue_number,
        pharmacist_id=ctx.actor.id,
        verdict=verdict,
        reason=reason,
        reviewed_at=ctx.at,
    )


@permitted(policy.dispensing_pharmacist)
def dispense(
    ctx: Context,
    prescription: Prescription,
    handover: Handover,
    quantities: Mapping[str, int] | None = None,
) -> Prescription:
    """Hand the drugs over, once; `quantities` by drug code where less is there than prescribed.

    Raises `Lapsed`, `IdsNotSeen`, `Invalid`. What was in use before counts as renewed
    where all its drugs are handed over anew.
    """
    state = LIFE.after(prescription.state, Act.DISPENSE)
    _require_valid(ctx, prescription)
    handed = handed_over(prescription, quantities or {})
    dispensing = registered(ctx, prescription, handover)
    before = renewed_by(prescription, handed, queries.in_use(prescription.resident_id))
    out_on = out_of_drugs_on(ctx, prescription, handed, before)

    _register_once(prescription, dispensing)
    prescription.state, prescription.runs_out_on = state, out_on
    for line in prescription.lines:
        line.dispensed = handed[line.drug.code]
    for renewed in before:
        end(ctx, renewed, Act.RENEW)
    record(ctx, PrescriptionDispensed(prescription.resident_id, prescription.id, out_on))
    return prescription


def _register_once(prescription: Prescription, dispensing: Dispensing) -> None:
    try:
        with attempt():
            prescription.dispensing = dispensing
            db.session.flush()
    except IntegrityError:
        raise IllegalMove from None


@permitted(policy.the_clock)
def expire(ctx: Context, prescription: Prescription) -> Prescription:
    """End what was not collected within its days of validity (RX-3)."""
    if prescription.valid_until is None or prescription.valid_until >= ctx.today:
        raise IllegalMove
    return end(ctx, prescription, Act.EXPIRE)


@permitted(policy.the_clock)
def run_out(ctx: Context, prescription: Prescription) -> Prescription:
    """End what is used up and was not renewed."""
    if prescription.runs_out_on is None or prescription.runs_out_on > ctx.today:
        raise IllegalMove
    return end(ctx, prescription, Act.RUN_OUT)
