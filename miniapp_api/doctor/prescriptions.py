"""长处方: doctors assess and issue, pharmacists review and dispense."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema, post_load, validate

from backend import identity, prescriptions
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.prescriptions import Assessment, Chart, Draft, DraftLine, FormularyDrug, Prescription
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, lists, page_of, takes
from miniapp_api.resident.prescriptions import (
    DrugSchema,
    FormularyQuery,
    PrescriptionSchema,
    PrescriptionsQuery,
)

api = Api("prescriptions", Audience.DOCTOR)


class PrescriptionPatientSchema(Schema):
    """Who it is for."""

    id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    birth_date = fields.Date(required=True)
    sex = fields.choice(identity.Sex, required=True)


class FormularyEntrySchema(DrugSchema):
    """One entry of the formulary, with what decides whether it may be given for long."""

    drug_class = fields.choice(prescriptions.DrugClass, required=True)
    atc = fields.Text(10, required=True)


class PrescriptionChartSchema(PrescriptionSchema):
    """A long prescription as staff see it: with the person, the assessment and their own acts."""

    acts = fields.List(fields.choice(prescriptions.Act), required=True)
    resident = fields.Nested(PrescriptionPatientSchema, required=True)
    stable = fields.Boolean(required=True, allow_none=True)
    adherent = fields.Boolean(required=True, allow_none=True)
    plan_fits = fields.Boolean(required=True, allow_none=True)
    educated = fields.Boolean(required=True, allow_none=True)
    note = fields.Text(2000, required=True, allow_none=True)
    rule_set = fields.Text(60, required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read from the prescription what is not the person's."""
        source = obj if attr in {"resident", "acts"} else obj.prescription
        return super().get_attribute(source, attr, default)


class PrescriptionAssessmentSchema(StrictSchema):
    """评估: counts as made once a note is written into the record."""

    stable = fields.Boolean(required=True)
    adherent = fields.Boolean(required=True)
    plan_fits = fields.Boolean(required=True)
    educated = fields.Boolean(required=True)
    note = fields.Text(2000, load_default=None, allow_none=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Assessment:
        return Assessment(**data)


def _amount(least: float, most: float) -> Any:
    limits = validate.Range(least, most, error=f"应在 {least:g} 到 {most:g} 之间")
    return fields.Float(validate=limits, required=True)


class PrescriptionDraftLineSchema(StrictSchema):
    """One drug: dose and quantity in the drug's unit."""

    drug = fields.Text(40, required=True)
    dose = _amount(0.05, 1000)
    times_per_day = _amount(0.1, 24)
    quantity = fields.Whole(1, 100_000, required=True)
    usage = fields.Text(200, required=True)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> DraftLine:
        amounts = {key: _thousandths(data[key]) for key in ("dose", "times_per_day")}
        return DraftLine(**{**data, **amounts})


def _thousandths(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.001"))


class PrescriptionDraftSchema(StrictSchema):
    """What the doctor prescribes after which assessment."""

    diagnoses = fields.List(
        fields.Text(
            20,
            validate=[
                validate.Regexp(r"^[A-Z][0-9]{2}[.0-9A-Za-z]{0,8}$", error="应为 ICD-10 编码")
            ],
        ),
        required=True,
        validate=validate.Length(1, 10, error="请填写 1 到 10 个诊断"),
    )
    lines = fields.List(
        fields.Nested(PrescriptionDraftLineSchema),
        required=True,
        validate=validate.Length(1, 20, error="请填写 1 到 20 行"),
    )
    days = fields.Whole(1, 366, required=True)
    assessment = fields.Nested(PrescriptionAssessmentSchema, required=True)
    since_last = fields.List(
        fields.choice(prescriptions.Stop),
        load_default=list,
        validate=validate.Length(0, 4, error="最多 4 项"),
    )
    extended = fields.Boolean(load_default=False)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> dict[str, Draft]:
        return {"draft": Draft(**{**data, "since_last": frozenset(data["since_last"])})}


class PrescriptionReasonSchema(StrictSchema):
    """Why; the person concerned reads it."""

    reason = fields.Text(500, required=True)


class PrescriptionNoteSchema(StrictSchema):
    """A remark, where there is one."""

    note = fields.Text(500, load_default=None, allow_none=True)


class PrescriptionTerminationSchema(PrescriptionNoteSchema):
    """Why it is stopped (LP-11)."""

    reason = fields.choice(prescriptions.Stop, required=True)


class CollectorSchema(StrictSchema):
    """Who came; a representative with name, number and both ID cards (LP-6)."""

    collector = fields.choice(prescriptions.Collector, data_key="kind", required=True)
    name = fields.Text(100, load_default=None, allow_none=True)
    id_number = fields.Text(40, load_default=None, allow_none=True)
    both_ids_seen = fields.Boolean(load_default=False)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> prescriptions.Handover:
        return prescriptions.Handover(**data)


class QuantitySchema(StrictSchema):
    """How much of a drug is handed over where it is less than prescribed."""

    drug = fields.Text(40, required=True)
    quantity = fields.Whole(0, 100_000, required=True)


class HandoverSchema(StrictSchema):
    """To whom, and how much where it is not all."""

    collector = fields.Nested(CollectorSchema, required=True)
    quantities = fields.List(
        fields.Nested(QuantitySchema),
        load_default=list,
        validate=validate.Length(0, 20, error="最多 20 行"),
    )


@api.get("/formulary")
@lists(FormularyQuery)
@gives(page_of(FormularyEntrySchema))
def formulary(ctx: Context, *, wanted: Wanted, search: str | None = None) -> Page[FormularyDrug]:
    """用药目录 · Drugs by name, with their class."""
    return prescriptions.formulary(ctx, wanted, search)


@api.get("/prescriptions")
@lists(PrescriptionsQuery)
@gives(page_of(PrescriptionChartSchema))
def listed(
    ctx: Context, *, wanted: Wanted, state: prescriptions.State | None = None
) -> Page[Chart]:
    """长处方列表 · The team's; for pharmacists also what was issued for their house."""
    found = prescriptions.prescriptions(ctx, wanted, state)
    return Page(prescriptions.charts(ctx, found.items), found.next)


@api.get("/prescriptions/<uuid:prescription_id>")
@gives(PrescriptionChartSchema)
def one(ctx: Context, prescription_id: UUID) -> Chart:
    """长处方详情 · With the person and the assessment."""
    return _chart(ctx, prescriptions.find(ctx, prescription_id))


@api.post("/prescriptions/<uuid:prescription_id>/issue")
@takes(PrescriptionDraftSchema)
@gives(PrescriptionChartSchema)
def issue(ctx: Context, prescription_id: UUID, *, draft: Draft) -> Chart:
    """开具长处方 · Every clause that forbids it is listed."""
    held = prescriptions.hold(ctx, prescription_id)
    return _chart(ctx, prescriptions.issue(ctx, held, draft))


@api.post("/prescriptions/<uuid:prescription_id>/refusal")
@takes(PrescriptionReasonSchema)
@gives(PrescriptionChartSchema)
def refuse(ctx: Context, prescription_id: UUID, *, reason: str) -> Chart:
    """不予开具 · With a reason that the resident reads."""
    held = prescriptions.hold(ctx, prescription_id)
    return _chart(ctx, prescriptions.refuse(ctx, held, reason))


@api.post("/prescriptions/<uuid:prescription_id>/termination")
@takes(PrescriptionTerminationSchema)
@gives(PrescriptionChartSchema)
def terminate(
    ctx: Context, prescription_id: UUID, *, reason: prescriptions.Stop, note: str | None
) -> Chart:
    """终止长处方 · The next one counts as a first."""
    held = prescriptions.hold(ctx, prescription_id)
    return _chart(ctx, prescriptions.terminate(ctx, held, reason, note))


@api.post("/prescriptions/<uuid:prescription_id>/review")
@takes(PrescriptionNoteSchema)
@gives(PrescriptionChartSchema)
def approve(ctx: Context, prescription_id: UUID, *, note: str | None) -> Chart:
    """审方通过 · By a pharmacist of the house where the drugs are collected."""
    held = prescriptions.hold(ctx, prescription_id)
    return _chart(ctx, prescriptions.approve(ctx, held, note))


@api.post("/prescriptions/<uuid:prescription_id>/return")
@takes(PrescriptionReasonSchema)
@gives(PrescriptionChartSchema)
def send_back(ctx: Context, prescription_id: UUID, *, reason: str) -> Chart:
    """审方退回 · The doctor is told to look again."""
    held = prescriptions.hold(ctx, prescription_id)
    return _chart(ctx, prescriptions.send_back(ctx, held, reason))


@api.post("/prescriptions/<uuid:prescription_id>/dispensing")
@takes(HandoverSchema)
@gives(PrescriptionChartSchema)
def dispense(
    ctx: Context,
    prescription_id: UUID,
    *,
    collector: prescriptions.Handover,
    quantities: list[dict[str, Any]],
) -> Chart:
    """发药登记 · Once; from here the day is known on which the drugs run out."""
    held = prescriptions.hold(ctx, prescription_id)
    handed = {item["drug"]: item["quantity"] for item in quantities}
    return _chart(ctx, prescriptions.dispense(ctx, held, collector, handed))


def _chart(ctx: Context, prescription: Prescription) -> Chart:
    return prescriptions.charts(ctx, [prescription])[0]
