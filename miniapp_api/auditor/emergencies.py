"""紧急调阅清单: every emergency access, and which of them nobody reviewed in time."""

from backend import auditing
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, lists
from miniapp_api.emergencies import AccessesQuery, EmergencyAccessPage

api = Api("emergencies", Audience.AUDITOR, "/emergency-accesses")


@api.get("")
@lists(AccessesQuery)
@gives(EmergencyAccessPage)
def listed(
    ctx: Context, *, wanted: Wanted, state: auditing.State | None = None
) -> Page[auditing.EmergencyAccess]:
    """紧急调阅清单 · Newest first; `escalated` are those nobody reviewed in time."""
    return auditing.accesses(ctx, wanted, state)
