"""The calendar of a house, for whoever plans its rooms."""

from uuid import UUID

from backend import clinics
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.calendar_schemas import FeedSchema
from miniapp_api.contract import Api, StrictSchema, gives, takes

api = Api("calendars", Audience.MANAGER, "/clinics/calendars")


class WhoseSchema(StrictSchema):
    """Of which house."""

    institution_id = fields.UUID(required=True)


@api.post("")
@takes(WhoseSchema)
@gives(FeedSchema)
def begin(ctx: Context, *, institution_id: UUID) -> dict[str, str]:
    """订阅机构坐诊日历 · A new secret address; the one before no longer answers."""
    return {"token": clinics.begin_house_feed(ctx, institution_id)}


@api.post("/end")
@takes(WhoseSchema)
@gives(None, 204)
def end(ctx: Context, *, institution_id: UUID) -> None:
    """停用机构坐诊日历 · The address no longer answers."""
    clinics.end_house_feed(ctx, institution_id)
