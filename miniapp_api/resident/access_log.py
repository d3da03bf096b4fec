"""谁看过我的信息: everybody else who was shown one's own record, when, what and why."""

from marshmallow import Schema

from backend import auditing
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields, log_lines
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of

api = Api("access-log", Audience.RESIDENT, "/me/access-log", is_about_account=True)


class AccessSchema(Schema):
    """One line; `text` is the whole of it in plain words."""

    id = fields.UUID(required=True, attribute="row.id")
    at = fields.AwareDateTime(required=True, attribute="row.at")
    institution_name = fields.Text(required=True, allow_none=True)
    actor_name = fields.Text(required=True, allow_none=True)
    what = fields.Text(100, required=True)
    why = fields.Text(600, required=True)
    text = fields.Text(1000, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(AccessSchema))
def access_log(ctx: Context, *, wanted: Wanted) -> Page[log_lines.Line]:
    """谁看过我的信息 · Newest first; one's own only, never a family member's."""
    found = auditing.access_log(ctx, wanted)
    return Page(log_lines.own_lines(ctx, found.items), found.next)
