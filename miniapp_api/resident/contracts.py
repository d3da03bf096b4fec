"""我的签约: applying to a team, reading and confirming the agreement, every way out."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, validate

from backend import contracting
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import (
    Api,
    PageQuery,
    StrictSchema,
    creates,
    gives,
    lists,
    page_of,
    takes,
)

api = Api("contracts", Audience.RESIDENT, "/contracts")


class PartySchema(Schema):
    """A team or a house, by name."""

    id = fields.UUID(required=True)
    name = fields.Text(required=True)


class DoctorSchema(PartySchema):
    """The family doctor."""

    title = fields.Text(50, required=True)


class ContractSchema(Schema):
    """A contract, and who did what when."""

    id = fields.UUID(required=True, attribute="contract.id")
    state = fields.choice(contracting.State, required=True, attribute="contract.state")
    team = fields.Nested(PartySchema, required=True)
    institution = fields.Nested(PartySchema, required=True)
    doctor = fields.Nested(DoctorSchema, required=True, allow_none=True)
    package = fields.choice(contracting.Package, required=True, attribute="contract.package")
    months = fields.Whole(1, 120, required=True, attribute="contract.months")
    starts_on = fields.Date(required=True, allow_none=True, attribute="contract.starts_on")
    ends_on = fields.Date(required=True, allow_none=True, attribute="contract.ends_on")
    applied_at = fields.AwareDateTime(required=True, attribute="contract.applied_at")
    answered_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="contract.answered_at"
    )
    confirmed_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="contract.confirmed_at"
    )
    closed_at = fields.AwareDateTime(required=True, allow_none=True, attribute="contract.closed_at")
    done_by = fields.done_by("contract.by_kinship")
    confirmation_done_by = fields.done_by("contract.confirmed_by_kinship")
    ended_by = fields.done_by("contract.ended_by_kinship")
    declined_because = fields.Text(
        200, required=True, allow_none=True, attribute="contract.declined_because"
    )
    end_reason = fields.choice(
        contracting.EndReason, required=True, allow_none=True, attribute="contract.end_reason"
    )


class OwnContractSchema(ContractSchema):
    """One's own contract; `acts` are what may be done now."""

    acts = fields.List(
        fields.choice(contracting.Act), required=True, attribute="contract.resident_acts"
    )


class AgreementSchema(Schema):
    """The exact text; confirming it sends its version and hash back."""

    version = fields.Text(40, required=True)
    title = fields.Text(required=True)
    text = fields.Text(20_000, required=True)
    sha256 = fields.Text(64, required=True)


class OwnContractDetailSchema(OwnContractSchema):
    """One's own contract with its text: the confirmed one, before that the one to confirm."""

    agreement = fields.Nested(AgreementSchema, required=True, allow_none=True)


class ApplicationSchema(StrictSchema):
    """To which team, and for how many months."""

    team_id = fields.UUID(required=True)
    months = fields.Whole(1, 120, required=True)
    package = fields.choice(contracting.Package, load_default=contracting.Package.BASIC)


class DraftQuery(StrictSchema):
    """With which team, and for how many months."""

    team_id = fields.UUID(required=True)
    months = fields.Integer(
        required=True, validate=validate.Range(1, 120, error="应在 1 到 120 之间")
    )


class ConfirmationSchema(StrictSchema):
    """Which text was read: its version and the SHA-256 of its UTF-8 bytes."""

    version = fields.Text(40, required=True)
    sha256 = fields.Text(
        64,
        shortest=64,
        required=True,
        validate=[validate.Regexp("^[0-9a-fA-F]{64}$", error="应为 64 位十六进制数")],
    )


class TerminationSchema(StrictSchema):
    """Why the contract ends early."""

    reason = fields.choice(contracting.EndReason, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(OwnContractSchema))
def contracts(ctx: Context, *, wanted: Wanted) -> Page[contracting.Dossier]:
    """我的签约 · The newest first."""
    return contracting.contracts(ctx, wanted)


@api.post("")
@takes(ApplicationSchema)
@creates(OwnContractDetailSchema)
def apply(
    ctx: Context, *, team_id: UUID, months: int, package: contracting.Package
) -> dict[str, Any]:
    """申请签约 · One team at a time; the team answers, then the text is confirmed."""
    return _detail(ctx, contracting.apply(ctx, team_id, months, package))


@api.get("/draft")
@lists(DraftQuery)
@gives(AgreementSchema)
def draft(ctx: Context, *, team_id: UUID, months: int) -> contracting.Wording:
    """先读协议 · What there would be to confirm with this team."""
    return contracting.draft(ctx, team_id, months)


@api.get("/<uuid:contract_id>")
@gives(OwnContractDetailSchema)
def contract(ctx: Context, contract_id: UUID) -> dict[str, Any]:
    """签约详情 · With the agreement's text."""
    return _detail(ctx, contracting.find(ctx, contract_id))


@api.post("/<uuid:contract_id>/confirmation")
@takes(ConfirmationSchema)
@gives(OwnContractDetailSchema)
def confirm(ctx: Context, contract_id: UUID, *, version: str, sha256: str) -> dict[str, Any]:
    """确认协议 · Needs the version and hash of the text that was read."""
    held = contracting.hold(ctx, contract_id)
    return _detail(ctx, contracting.confirm(ctx, held, version, sha256))


@api.post("/<uuid:contract_id>/withdrawal")
@gives(OwnContractDetailSchema)
def withdraw(ctx: Context, contract_id: UUID) -> dict[str, Any]:
    """撤回申请 · Before it is confirmed."""
    return _detail(ctx, contracting.withdraw(ctx, contracting.hold(ctx, contract_id)))


@api.post("/<uuid:contract_id>/termination")
@takes(TerminationSchema)
@gives(OwnContractDetailSchema)
def terminate(ctx: Context, contract_id: UUID, *, reason: contracting.EndReason) -> dict[str, Any]:
    """解除签约 · At once, without cost."""
    held = contracting.hold(ctx, contract_id)
    return _detail(ctx, contracting.terminate(ctx, held, reason))


@api.post("/<uuid:contract_id>/dispute")
@gives(OwnContractDetailSchema)
def dispute(ctx: Context, contract_id: UUID) -> dict[str, Any]:
    """这不是我签的 · The contract ends at once and counts for nobody."""
    return _detail(ctx, contracting.dispute(ctx, contracting.hold(ctx, contract_id)))


def _detail(ctx: Context, found: contracting.Contract) -> dict[str, Any]:
    shown = contracting.dossier(ctx, found)
    return {
        "contract": found,
        "team": shown.team,
        "institution": shown.institution,
        "doctor": shown.doctor,
        "agreement": contracting.agreement(ctx, found),
    }
