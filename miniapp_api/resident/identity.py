"""我: phone, consent and verified identity of the person who holds the phone."""

from dataclasses import replace
from typing import Any

from marshmallow import Schema

from backend import identity, privacy
from backend.kernel.context import Context
from backend.kernel.errors import NotFound
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, of_holder, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.people import OwnClaimSchema, masked, masked_number
from miniapp_api.privacy_schemas import ConsequencesSchema, DigestSchema

api = Api("identity", Audience.RESIDENT, "/me", is_about_account=True)


class AgreedSchema(Schema):
    """What was agreed to, and which version of its text."""

    purpose = fields.choice(identity.Purpose, required=True)
    version = fields.Text(40, required=True)


class AskingSchema(AgreedSchema):
    """What to ask for; before `ask_again_from` the person is left in peace."""

    is_renewal = fields.Boolean(required=True)
    ask_again_from = fields.Date(required=True, allow_none=True)


class MeSchema(Schema):
    """What we know of the person; numbers are masked."""

    level = fields.choice(identity.Level, required=True)
    resident_id = fields.UUID(required=True, allow_none=True)
    name = fields.Text(50, required=True, allow_none=True)
    phone = fields.Text(20, required=True, allow_none=True)
    document_kind = fields.choice(identity.DocumentKind, required=True, allow_none=True)
    id_number = fields.Text(18, required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    consents = fields.List(fields.Nested(AgreedSchema), required=True)
    to_agree = fields.List(fields.Nested(AskingSchema), required=True)


class PhoneSchema(StrictSchema):
    """The code of the phone button."""

    code = fields.Text(128, required=True)


class ConsentSchema(StrictSchema):
    """Which text is agreed to."""

    purpose = fields.choice(identity.Purpose, required=True)
    version = fields.Text(40, required=True)


@api.get("")
@of_holder
@gives(MeSchema)
def me(ctx: Context) -> dict[str, Any]:
    """我的信息 · Level, masked numbers, what was agreed to."""
    return _me(ctx)


@api.put("/phone")
@paced(Pace.VERIFICATION)
@takes(PhoneSchema)
@gives(MeSchema)
def give_phone(ctx: Context, *, code: str) -> dict[str, Any]:
    """绑定手机号 · By WeChat's phone code."""
    identity.give_phone(ctx, code)
    return _me(ctx)


@api.post("/consents")
@takes(ConsentSchema)
@gives(MeSchema, 201)
def consent(ctx: Context, *, purpose: identity.Purpose, version: str) -> dict[str, Any]:
    """单独同意 · For one purpose and one version of its text."""
    identity.consent(ctx, purpose, version)
    return _me(ctx)


@api.post("/consents/refusals")
@takes(ConsentSchema)
@gives(MeSchema)
def refuse(ctx: Context, *, purpose: identity.Purpose, version: str) -> dict[str, Any]:
    """暂不同意 · For some days nobody asks again."""
    identity.refuse(ctx, purpose, version)
    return _me(ctx)


@api.get("/consents/<purpose>/consequences")
@gives(ConsequencesSchema)
def consequences(ctx: Context, purpose: str) -> privacy.Consequences:
    """撤回前先看后果 · What ends, what a law keeps; the withdrawal names the digest."""
    return privacy.of_withdrawal(ctx, _purpose(purpose))


@api.post("/consents/<purpose>/withdrawal")
@takes(DigestSchema)
@gives(MeSchema)
def withdraw(ctx: Context, purpose: str, *, digest: str) -> dict[str, Any]:
    """撤回同意 · At once; anew it can be given at any time."""
    privacy.withdraw(ctx, _purpose(purpose), digest)
    return _me(ctx)


def _purpose(text: str) -> identity.Purpose:
    try:
        return identity.Purpose(text)
    except ValueError:
        raise NotFound from None


@api.post("/verification")
@paced(Pace.VERIFICATION)
@takes(OwnClaimSchema)
@gives(MeSchema)
def verify(ctx: Context, *, claim: identity.Claim) -> dict[str, Any]:
    """实名认证 · Needs a phone and the consent to health data first."""
    identity.verify(ctx, claim)
    return _me(ctx)


def _me(ctx: Context) -> dict[str, Any]:
    account = identity.account(ctx)
    # A verification in this very request is not yet in its context.
    own = replace(ctx, resident=account.resident_id, proxy=None)
    resident = identity.resident(own, account.resident_id) if account.resident_id else None
    return {
        "level": account.level,
        "resident_id": account.resident_id,
        "name": resident and resident.name,
        "phone": masked(account.phone, 3, 4),
        "document_kind": resident and identity.kind_of(resident.id_number or ""),
        "id_number": masked_number(resident.id_number if resident else None),
        "birth_date": resident and resident.birth_date,
        "consents": list(identity.consents(account).values()),
        "to_agree": privacy.to_agree(ctx),
    }
