"""An expert's own calendar, for the program on the phone."""

from backend import clinics
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.calendar_schemas import FeedSchema
from miniapp_api.contract import Api, gives

api = Api("calendars", Audience.DOCTOR, "/clinics/calendar")


@api.post("")
@gives(FeedSchema)
def begin(ctx: Context) -> dict[str, str]:
    """订阅我的坐诊日历 · A new secret address; the one before no longer answers."""
    return {"token": clinics.begin_own_feed(ctx)}


@api.delete("")
@gives(None, 204)
def end(ctx: Context) -> None:
    """停用我的坐诊日历 · The address no longer answers."""
    clinics.end_own_feed(ctx)
