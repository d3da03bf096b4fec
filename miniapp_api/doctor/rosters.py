"""An expert's own rosters."""

from backend import clinics
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists
from miniapp_api.roster_schemas import RosterPageSchema

api = Api("rosters", Audience.DOCTOR, "/clinics/rosters")


@api.get("")
@lists(PageQuery)
@gives(RosterPageSchema)
def rosters(ctx: Context, *, wanted: Wanted) -> Page[clinics.Roster]:
    """我的排班 · Where I sit, alone or in a crew, by weekday."""
    return clinics.own_rosters(ctx, wanted)
