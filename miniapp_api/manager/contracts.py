"""How the contracts of a manager's institution stand; no resident is named."""

from marshmallow import Schema

from backend import contracting
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of
from miniapp_api.doctor.contracts import ContractsQuery
from miniapp_api.resident.contracts import ContractSchema

api = Api("contracts", Audience.MANAGER, "/contracts")
MANY = 10**9


class TallySchema(Schema):
    """A team's contracts by state today, against how many its doctors may have (FD-6)."""

    team_id = fields.UUID(required=True, attribute="profile.team.id")
    team_name = fields.Text(required=True, attribute="profile.team.name")
    applied = fields.Whole(0, MANY, required=True)
    accepted = fields.Whole(0, MANY, required=True)
    active = fields.Whole(0, MANY, required=True)
    capacity = fields.Whole(0, MANY, required=True)


@api.get("")
@lists(ContractsQuery)
@gives(page_of(ContractSchema))
def contracts(
    ctx: Context, *, wanted: Wanted, state: contracting.State | None = None
) -> Page[contracting.Dossier]:
    """本机构的签约 · The newest first, without names."""
    return contracting.contracts(ctx, wanted, state)


@api.get("/counts")
@lists(PageQuery)
@gives(page_of(TallySchema))
def counts(ctx: Context, *, wanted: Wanted) -> Page[contracting.Tally]:
    """各团队签约人数 · Only what residents confirmed counts as active."""
    return contracting.tallies(ctx, wanted)
