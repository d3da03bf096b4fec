"""The teams of whoever is asking."""

from uuid import UUID

from flask import Response

from backend import teams
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, gives_file
from miniapp_api.open.teams import Shown, TeamSchema, code_of, shown

api = Api("teams", Audience.DOCTOR, "/teams")


@api.get("")
@gives(TeamSchema(many=True))
def own(ctx: Context) -> list[Shown]:
    """我的团队 · The teams I belong to today."""
    return [shown(ctx, profile) for profile in teams.own(ctx)]


@api.get("/<uuid:team_id>/code")
@gives_file("image/png")
def code(ctx: Context, team_id: UUID) -> Response:
    """签约码 · The mini-program's code of one's team, to be shown or printed."""
    return code_of(ctx, team_id)
