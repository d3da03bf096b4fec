"""这是误报: somebody was reported dead, and says otherwise."""

from backend import privacy
from backend.kernel.context import Context
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api(
    "deaths", Audience.RESIDENT, "/me/death-report", is_about_account=True, is_open_after_death=True
)


@api.post("/objection")
@gives(None, 204)
def object_to_death(ctx: Context) -> None:
    """这是误报 · A report that waits is void; of one that took effect the house is told."""
    privacy.object_to_death(ctx)
