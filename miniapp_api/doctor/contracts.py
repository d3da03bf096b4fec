"""The team's contracts: who applied, who is signed."""

from uuid import UUID

from marshmallow import Schema

from backend import contracting, identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes
from miniapp_api.resident.contracts import ContractSchema, PartySchema

api = Api("contracts", Audience.DOCTOR)


class TeamContractSchema(ContractSchema):
    """A contract of the team; name and age are there while the resident concerns the team."""

    resident_id = fields.UUID(required=True)
    resident_name = fields.Text(
        50, required=True, allow_none=True, attribute="resident.name", dump_default=None
    )
    age = fields.Whole(0, 150, required=True, allow_none=True)
    acts = fields.List(
        fields.choice(contracting.Act), required=True, attribute="contract.team_acts"
    )


class SignedResidentSchema(Schema):
    """A resident under contract with the team today."""

    resident_id = fields.UUID(required=True)
    name = fields.Text(50, required=True, attribute="resident.name")
    sex = fields.choice(identity.Sex, required=True, attribute="resident.sex")
    age = fields.Whole(0, 150, required=True)
    community = fields.Text(required=True, allow_none=True, attribute="resident.community")
    contract_id = fields.UUID(required=True, attribute="contract.id")
    team = fields.Nested(PartySchema, required=True)
    starts_on = fields.Date(required=True, attribute="contract.starts_on")
    ends_on = fields.Date(required=True, attribute="contract.ends_on")


class ContractsQuery(PageQuery):
    """Which contracts."""

    state = fields.choice(contracting.State)


class ResidentsQuery(PageQuery):
    """Part of a name."""

    search = fields.Search()


class RefusalSchema(StrictSchema):
    """Why not, in words the resident reads."""

    because = fields.Text(200, required=True)


@api.get("/contracts")
@lists(ContractsQuery)
@gives(page_of(TeamContractSchema))
def contracts(
    ctx: Context, *, wanted: Wanted, state: contracting.State | None = None
) -> Page[contracting.Dossier]:
    """团队的签约 · The newest first, of one state where it is given."""
    return contracting.contracts(ctx, wanted, state)


@api.get("/contracts/<uuid:contract_id>")
@gives(TeamContractSchema)
def contract(ctx: Context, contract_id: UUID) -> contracting.Dossier:
    """签约详情 · One contract of the team."""
    return contracting.dossier(ctx, contracting.find(ctx, contract_id))


@api.post("/contracts/<uuid:contract_id>/acceptance")
@gives(TeamContractSchema)
def accept(ctx: Context, contract_id: UUID) -> contracting.Dossier:
    """接受签约申请 · A doctor of the team; the resident is asked to confirm."""
    held = contracting.hold(ctx, contract_id)
    return contracting.dossier(ctx, contracting.accept(ctx, held))


@api.post("/contracts/<uuid:contract_id>/refusal")
@takes(RefusalSchema)
@gives(TeamContractSchema)
def decline(ctx: Context, contract_id: UUID, *, because: str) -> contracting.Dossier:
    """婉拒签约申请 · With a reason that the resident reads."""
    held = contracting.hold(ctx, contract_id)
    return contracting.dossier(ctx, contracting.decline(ctx, held, because))


@api.get("/residents")
@lists(ResidentsQuery)
@gives(page_of(SignedResidentSchema))
def residents(
    ctx: Context, *, wanted: Wanted, search: str | None = None
) -> Page[contracting.Dossier]:
    """签约居民 · By name, all or those whose name holds `search`; who is shown is written down."""
    return contracting.signed(ctx, wanted, search)
