"""The teams of a manager's institution, and what each still lacks."""

from uuid import UUID

from flask import Response

from backend import teams
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, gives_file, lists, page_of
from miniapp_api.open.teams import Shown, TeamSchema, code_of, shown

api = Api("teams", Audience.MANAGER, "/teams")


class ManagedTeamSchema(TeamSchema):
    """A team and what it lacks of one doctor, one nurse and a doctor as lead (FD-5)."""

    gaps = fields.List(fields.choice(teams.Gap), required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(ManagedTeamSchema))
def own(ctx: Context, *, wanted: Wanted) -> Page[Shown]:
    """本机构的团队 · By name."""
    found = teams.profiles(ctx, ctx.actor.houses, wanted)
    return Page([shown(ctx, profile) for profile in found.items], found.next)


@api.get("/<uuid:team_id>/code")
@gives_file("image/png")
def code(ctx: Context, team_id: UUID) -> Response:
    """签约码 · The mini-program's code of a team of the house, for paper at the door."""
    return code_of(ctx, team_id)
