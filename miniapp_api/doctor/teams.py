"""The teams of whoever is asking."""

from backend import teams
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives
from miniapp_api.open.teams import Shown, TeamSchema, shown

api = Api("teams", Audience.DOCTOR, "/teams")


@api.get("")
@gives(TeamSchema(many=True))
def own(ctx: Context) -> list[Shown]:
    """我的团队 · The teams I belong to today."""
    return [shown(ctx, profile) for profile in teams.own(ctx)]
