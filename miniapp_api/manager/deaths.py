"""死亡登记的更正: a mistake is undone, and stays on record."""

from uuid import UUID

from backend import privacy
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes
from miniapp_api.privacy_schemas import DeathSchema

api = Api("deaths", Audience.MANAGER, "/deaths")


class DeathMistakeSchema(StrictSchema):
    """How it came about."""

    because = fields.Text(500, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(DeathSchema))
def deaths(ctx: Context, *, wanted: Wanted) -> Page[privacy.DeathReport]:
    """本机构居民的死亡登记 · The newest first, without names; who objected and when."""
    return privacy.deaths(ctx, wanted)


@api.post("/<uuid:report_id>/undoing")
@takes(DeathMistakeSchema)
@gives(DeathSchema)
def undo(ctx: Context, report_id: UUID, *, because: str) -> privacy.DeathReport:
    """撤销误登 · The person acts again; what was ended stays ended."""
    return privacy.undo_death(ctx, privacy.hold_death(ctx, report_id), because)
