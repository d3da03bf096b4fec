"""长处方: what a resident asks for, confirms and follows until the drugs run out."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import Schema, validate

from backend import prescriptions
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from backend.prescriptions import FormularyDrug, Prescription
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes

api = Api("prescriptions", Audience.RESIDENT)


class DrugSchema(Schema):
    """One entry of the formulary; quantities are counted in `unit`."""

    code = fields.Text(40, required=True)
    name = fields.Text(required=True)
    strength = fields.Text(60, required=True)
    unit = fields.Text(20, required=True)
    pack_size = fields.Whole(1, 1000, required=True)
    is_essential = fields.Boolean(required=True)


class PrescriptionLineSchema(Schema):
    """One drug as prescribed; `dispensed` once it was handed over."""

    drug = fields.Nested(DrugSchema, required=True)
    dose = fields.Float(required=True)
    times_per_day = fields.Float(required=True)
    quantity = fields.Whole(1, 100_000, required=True)
    usage = fields.Text(required=True)
    dispensed = fields.Whole(0, 100_000, required=True, allow_none=True)


class PrescriptionReviewSchema(Schema):
    """What a pharmacist said of one issue."""

    verdict = fields.choice(prescriptions.Verdict, required=True)
    reason = fields.Text(500, required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True)


class PrescriptionConfirmedSchema(Schema):
    """What the resident agreed to, and when."""

    days = fields.Whole(1, 366, required=True)
    version = fields.Text(40, required=True)
    text = fields.Text(5000, required=True)
    confirmed_at = fields.AwareDateTime(required=True)
    done_by = fields.done_by()


class PrescriptionDispensingSchema(Schema):
    """When the drugs were handed over, and to what kind of person."""

    collector = fields.choice(prescriptions.Collector, required=True)
    dispensed_at = fields.AwareDateTime(required=True)


class PrescriptionSchema(Schema):
    """A long prescription; what is not yet known is null."""

    id = fields.UUID(required=True)
    state = fields.choice(prescriptions.State, required=True)
    institution_id = fields.UUID(required=True)
    requested_at = fields.AwareDateTime(required=True)
    done_by = fields.done_by()
    drugs_wanted = fields.List(fields.Nested(DrugSchema), attribute="wishes", required=True)
    days_wanted = fields.Whole(1, 366, required=True)
    change = fields.Text(500, required=True, allow_none=True)
    confirmation = fields.Nested(PrescriptionConfirmedSchema, required=True, allow_none=True)
    doctor_id = fields.UUID(required=True, allow_none=True)
    issued_at = fields.AwareDateTime(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)
    turn = fields.choice(prescriptions.Turn, required=True, allow_none=True)
    days = fields.Whole(1, 366, required=True, allow_none=True)
    diagnoses = fields.List(fields.Text(20), required=True, allow_none=True)
    lines = fields.List(fields.Nested(PrescriptionLineSchema), required=True)
    reviews = fields.List(fields.Nested(PrescriptionReviewSchema), required=True)
    dispensing = fields.Nested(PrescriptionDispensingSchema, required=True, allow_none=True)
    runs_out_on = fields.Date(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_by = fields.done_by("ended_by_kinship")
    end_reason = fields.choice(prescriptions.Stop, required=True, allow_none=True)
    end_note = fields.Text(500, required=True, allow_none=True)


class OwnPrescriptionSchema(PrescriptionSchema):
    """One's own long prescription; `acts` are what may be done now."""

    acts = fields.List(fields.choice(prescriptions.Act), required=True, attribute="resident_acts")


class PrescriptionTextSchema(Schema):
    """What is to be read and confirmed; `digest` is sent back."""

    version = fields.Text(40, required=True)
    title = fields.Text(required=True)
    body = fields.Text(5000, required=True)
    digest = fields.Text(64, required=True)


class PrescriptionDetailSchema(OwnPrescriptionSchema):
    """One prescription, with the text that may be confirmed."""

    to_confirm = fields.Nested(PrescriptionTextSchema, required=True, allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read from the prescription what is not the detail's own."""
        source = obj if attr == "to_confirm" else obj.prescription
        return super().get_attribute(source, attr, default)


class PrescriptionRequestSchema(StrictSchema):
    """Drugs by their code in the formulary, for how long, where to collect, what has changed."""

    drugs = fields.List(
        fields.Text(40),
        required=True,
        validate=validate.Length(1, 5, error="请选择 1 到 5 种药品"),
    )
    days = fields.Whole(1, 366, required=True)
    institution_id = fields.UUID(required=True)
    change = fields.Text(500, load_default=None, allow_none=True)


class PrescriptionConfirmationSchema(StrictSchema):
    """The digest of the text that was read."""

    digest = fields.Text(64, required=True)


class FormularyQuery(PageQuery):
    """Part of a name or a code; the list is public, so one character will do."""

    search = fields.Search(shortest=1)


class PrescriptionsQuery(PageQuery):
    """In which state."""

    state = fields.choice(prescriptions.State)


@dataclass(frozen=True, slots=True)
class Detail:
    """A prescription and what may be confirmed of it."""

    prescription: Prescription
    to_confirm: prescriptions.ConfirmationText | None


def _detail(prescription: Prescription) -> Detail:
    open_to_it = prescriptions.Act.CONFIRM in prescription.resident_acts
    text = prescriptions.confirmation_text(prescription) if open_to_it else None
    return Detail(prescription, text)


@api.get("/formulary")
@lists(FormularyQuery)
@gives(page_of(DrugSchema))
def formulary(ctx: Context, *, wanted: Wanted, search: str | None = None) -> Page[FormularyDrug]:
    """用药目录 · Drugs by name."""
    return prescriptions.formulary(ctx, wanted, search)


@api.post("/prescription-requests")
@takes(PrescriptionRequestSchema)
@creates(PrescriptionDetailSchema)
def request(ctx: Context, **wish: Any) -> Detail:
    """申请长处方 · From the signed team; one at a time."""
    return _detail(prescriptions.request(ctx, **wish))


@api.get("/prescriptions")
@lists(PrescriptionsQuery)
@gives(page_of(OwnPrescriptionSchema))
def mine(
    ctx: Context, *, wanted: Wanted, state: prescriptions.State | None = None
) -> Page[Prescription]:
    """我的长处方 · Newest first."""
    return prescriptions.prescriptions(ctx, wanted, state)


@api.get("/prescriptions/<uuid:prescription_id>")
@gives(PrescriptionDetailSchema)
def one(ctx: Context, prescription_id: UUID) -> Detail:
    """长处方详情 · With the text to confirm, while it can be confirmed."""
    return _detail(prescriptions.find(ctx, prescription_id))


@api.post("/prescriptions/<uuid:prescription_id>/confirmation")
@takes(PrescriptionConfirmationSchema)
@gives(PrescriptionDetailSchema)
def confirm(ctx: Context, prescription_id: UUID, *, digest: str) -> Detail:
    """知情确认 · In place of a signature; needed above 28 days before the doctor issues."""
    held = prescriptions.hold(ctx, prescription_id)
    return _detail(prescriptions.confirm(ctx, held, digest))


@api.post("/prescriptions/<uuid:prescription_id>/withdrawal")
@gives(PrescriptionDetailSchema)
def withdraw(ctx: Context, prescription_id: UUID) -> Detail:
    """撤回申请 · Until the drugs are handed over."""
    return _detail(prescriptions.withdraw(ctx, prescriptions.hold(ctx, prescription_id)))
