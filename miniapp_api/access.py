"""Who is asking: the bearer token becomes a context, or the request is refused."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from uuid import UUID

from flask import g, request

from backend import identity
from backend.kernel import entry
from backend.kernel.context import ANYONE, CLINICAL, Context, Role
from backend.kernel.errors import Forbidden, Unauthenticated


class Audience(StrEnum):
    """Whom a route is for."""

    OPEN = "open"
    DEMO = "demo"
    RESIDENT = "resident"
    DOCTOR = "doctor"
    MANAGER = "manager"


UNGUARDED = frozenset({Audience.OPEN, Audience.DEMO})
ROLES: Mapping[Audience, frozenset[Role]] = {
    Audience.RESIDENT: frozenset({Role.RESIDENT}),
    Audience.DOCTOR: CLINICAL,
    Audience.MANAGER: frozenset({Role.MANAGER}),
}


class WrongAudience(Forbidden):
    """The token is good, but this part of the product is for others."""

    code = "wrong-audience"
    title = "请从您自己的入口进入"
    advice = "这个页面不是为您的身份准备的，请返回首页，从自己的入口进入。"


def recognise(audience: Audience, before: Callable[[UUID], None]) -> Context:
    """The context of this request; raises `Unauthenticated` or `WrongAudience`.

    `before` is told the token's subject before the database is asked about it.
    """
    at = entry.moment()
    if audience in UNGUARDED:
        return entry.context(ANYONE, at, request_id=g.request_id)
    actor, resident = identity.authenticate(at, _bearer(), before)
    if actor.role not in ROLES[audience]:
        raise WrongAudience
    g.role = actor.role
    return entry.context(actor, at, resident, g.request_id)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()
