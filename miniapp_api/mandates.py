"""How mandates of family members are sent and shown; the same shapes for every audience."""

from collections.abc import Set
from datetime import date
from typing import Any

from marshmallow import Schema, post_load, validate

from backend import proxies
from backend.kernel.context import Kinship, Scope
from miniapp_api import fields
from miniapp_api.contract import StrictSchema, page_of


class Scopes(fields.List[Scope]):
    """Some of the things that a family member may do, each once."""

    def __init__(self, **options: Any) -> None:
        few = validate.Length(1, len(Scope), error=f"请选择 1 到 {len(Scope)} 项")
        super().__init__(fields.choice(Scope), validate=few, **options)


class TermsSchema(StrictSchema):
    """As whom, which things, from which day (today unless given) to which."""

    kinship = fields.choice(Kinship, required=True)
    scopes = Scopes(required=True)
    starts_on = fields.Date()
    ends_on = fields.Date(required=True)

    @post_load
    def _terms(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The terms as the feature knows them, beside the other fields."""
        given = {
            name: data.pop(name, None) for name in ("kinship", "scopes", "starts_on", "ends_on")
        }
        return {**data, "terms": Wanted(**given | {"scopes": frozenset(given["scopes"])})}


class Wanted:
    """Terms before today is known."""

    def __init__(
        self, kinship: Kinship, scopes: Set[Scope], starts_on: date | None, ends_on: date
    ) -> None:
        self._given = kinship, frozenset(scopes), starts_on, ends_on

    def on(self, today: date) -> proxies.Terms:
        """From today on where no day was given."""
        kinship, scopes, starts_on, ends_on = self._given
        return proxies.Terms(kinship, scopes, starts_on or today, ends_on)


class ScopesSchema(StrictSchema):
    """What the family member may do from now on."""

    scopes = Scopes(required=True)


class MandateSchema(Schema):
    """Who acts for whom; `person` and `family_member` are names as the reader may see them."""

    id = fields.UUID(required=True, attribute="mandate.id")
    state = fields.choice(proxies.State, required=True, attribute="mandate.state")
    person = fields.Text(50, required=True, allow_none=True, attribute="principal_name")
    family_member = fields.Text(50, required=True, allow_none=True, attribute="proxy_name")
    kinship = fields.choice(Kinship, required=True, attribute="mandate.kinship")
    kinship_text = fields.Text(20, required=True, attribute="mandate.kinship.label")
    is_guardian = fields.Boolean(required=True, attribute="mandate.is_guardian")
    scopes = fields.List(fields.choice(Scope), required=True)
    starts_on = fields.Date(required=True, attribute="mandate.starts_on")
    ends_on = fields.Date(required=True, attribute="mandate.ends_on")
    expires_at = fields.AwareDateTime(required=True, attribute="mandate.expires_at")
    end_reason = fields.choice(
        proxies.EndReason, required=True, allow_none=True, attribute="mandate.end_reason"
    )


MandatePage = page_of(MandateSchema)
