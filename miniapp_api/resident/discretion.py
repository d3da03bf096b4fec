"""家人与我: what family members did for me, and what I keep from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes

api = Api("discretion", Audience.RESIDENT, "/me", is_about_account=True)


class FamilyActSchema(Schema):
    """One act of a family member."""

    id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    done_by = fields.done_by()
    text = fields.Text(60, required=True)


class CategorySchema(Schema):
    """A category, whether family members see nothing of it, and who said so."""

    category = fields.Text(40, required=True)
    label = fields.Text(40, required=True)
    is_hidden = fields.Boolean(required=True)
    is_chosen = fields.Boolean(required=True)


class CategoriesSchema(Schema):
    """Every category."""

    items = fields.List(fields.Nested(CategorySchema), required=True)


class CategoryChoiceSchema(StrictSchema):
    """Which category, and whether to keep it from family members."""

    category = fields.Text(40, required=True)
    is_hidden = fields.Boolean(required=True)


@api.get("/proxy-acts")
@lists(PageQuery)
@gives(page_of(FamilyActSchema))
def proxy_acts(ctx: Context, *, wanted: Wanted) -> Page[identity.FamilyAct]:
    """家人代办记录 · What family members did in my name; for nobody but me."""
    return identity.family_acts(ctx, wanted)


@api.get("/sensitive-categories")
@gives(CategoriesSchema)
def categories(ctx: Context) -> Mapping[str, Any]:
    """对家人保密的类别 · What family members who act for me do not see."""
    return _all(identity.discretion(ctx))


@api.put("/sensitive-categories")
@takes(CategoryChoiceSchema)
@gives(CategoriesSchema)
def choose(ctx: Context, category: str, *, is_hidden: bool) -> Mapping[str, Any]:
    """设置保密类别 · At once, for what there is and what comes."""
    return _all(identity.choose_category(ctx, category, is_hidden))


def _all(choices: Sequence[identity.Choice]) -> Mapping[str, Any]:
    return {"items": choices}
