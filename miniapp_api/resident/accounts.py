"""我的微信: the accounts that stand for me, "this was not me", and the code for the desk."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives
from miniapp_api.pacing import Pace, paced
from miniapp_api.people import masked

api = Api("accounts", Audience.RESIDENT, "/me", is_about_account=True)


class AccountSchema(Schema):
    """One WeChat account that stands for the person."""

    id = fields.UUID(required=True)
    phone = fields.Text(20, required=True, allow_none=True)
    bound_at = fields.AwareDateTime(required=True, allow_none=True)
    is_this_one = fields.Boolean(required=True)


class AccountsSchema(Schema):
    """Those bound at a desk come first, then those bound online, the oldest first."""

    items = fields.List(fields.Nested(AccountSchema), required=True)


class DeskCodeSchema(Schema):
    """Eight digits for the desk, good once, for `expires_in` seconds."""

    code = fields.Text(8, required=True)
    expires_in = fields.Whole(1, 600, required=True)


@api.get("/accounts")
@gives(AccountsSchema)
def accounts(ctx: Context) -> dict[str, Any]:
    """我的微信 · Every account that stands for me."""
    return _listed(ctx, identity.accounts(ctx))


@api.post("/accounts/<uuid:account_id>/objection")
@gives(AccountsSchema)
def object_to(ctx: Context, account_id: UUID) -> dict[str, Any]:
    """这不是我 · A later account stands for me no more and is logged out at once."""
    return _listed(ctx, identity.object_to(ctx, account_id))


@api.post("/desk-codes")
@paced(Pace.VERIFICATION)
@gives(DeskCodeSchema, 201)
def make_desk_code(ctx: Context) -> identity.ShownCode:
    """窗口办理码 · Names this account at a desk, where staff see me with the document."""
    return identity.make_desk_code(ctx)


def _listed(ctx: Context, found: Sequence[identity.Account]) -> dict[str, Any]:
    return {
        "items": [
            {
                "id": account.id,
                "phone": masked(account.phone, 3, 4),
                "bound_at": account.bound_at,
                "is_this_one": account.id == ctx.actor.id,
            }
            for account in found
        ]
    }
