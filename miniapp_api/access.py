"""Who is asking: the bearer token becomes a context, or the request is refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import g, request

from backend import identity
from backend.kernel import entry
from backend.kernel.context import ANYONE, CLINICAL, MANAGING, STAFF, Context, Role
from backend.kernel.errors import (
    ConsentNeeded,
    Fault,
    Forbidden,
    IdentityNeeded,
    Invalid,
    PersonNeeded,
    Unauthenticated,
)


class Audience(StrEnum):
    """Whom a route is for."""

    OPEN = "open"
    DEMO = "demo"
    RESIDENT = "resident"
    DOCTOR = "doctor"
    MANAGER = "manager"
    STAFF = "staff"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Door:
    """Whom a route is for; of residents' routes, whether it concerns the account or a person.

    What is of the holder alone pays no regard to the person for whom the holder might act.
    Of those about the account few are open to whoever holds the phone of somebody who died.
    """

    audience: Audience
    is_about_account: bool = False
    is_of_holder: bool = False
    is_open_after_death: bool = False


PERSON_HEADER = "Jiayi-Person"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNGUARDED = frozenset({Audience.OPEN, Audience.DEMO})
ROLES: Mapping[Audience, frozenset[Role]] = {
    Audience.RESIDENT: frozenset({Role.RESIDENT}),
    Audience.DOCTOR: CLINICAL,
    Audience.MANAGER: MANAGING,
    Audience.STAFF: STAFF,
    Audience.AUDITOR: frozenset({Role.AUDITOR}),
}


class WrongAudience(Forbidden):
    """The token is good, but this part of the product is for others."""

    code = "wrong-audience"
    title = "请从您自己的入口进入"
    advice = "这个页面不是为您的身份准备的，请返回首页，从自己的入口进入。"


def recognise(door: Door, before: Callable[[UUID], None]) -> Context:
    """The context of this request.

    Raises `Unauthenticated`, `WrongAudience`, and for residents `IdentityNeeded`, `PersonNeeded`,
    `NotYourPerson`, `PersonClosed`, `ConsentNeeded`. `before` is told the token's subject before
    the database is asked about it.
    """
    at = entry.moment()
    if door.audience in UNGUARDED:
        return entry.context(ANYONE, at, request_id=g.request_id)
    person = _person_named() if door.audience is Audience.RESIDENT else None
    found = identity.authenticate(at, _bearer(), person, before)
    if found.actor.role not in ROLES[door.audience]:
        raise WrongAudience
    g.role = found.actor.role
    if door.is_of_holder and found.proxy is not None:
        found, person = identity.authenticate(at, _bearer()), None
    if door.audience is Audience.RESIDENT:
        _require_person(door, person, found)
    return entry.context(
        found.actor,
        at,
        found.resident,
        request_id=g.request_id,
        proxy=found.proxy,
        consent=found.consent,
    )


def _require_person(door: Door, person: UUID | None, found: identity.Recognised) -> None:
    if person is not None or door.is_about_account:
        g.acting = (found.resident, found.proxy)
    if found.has_died and not door.is_open_after_death:
        raise identity.PersonClosed
    if door.is_about_account:
        return
    changes = request.method not in {"GET", "HEAD"}
    if found.resident is None and changes:
        raise IdentityNeeded  # before a word is said of the fields
    if person is None and found.resident is not None:
        raise PersonNeeded
    if found.resident is not None and found.consent is None:
        raise ConsentNeeded
    if found.is_closed:
        raise identity.PersonClosed
    if changes and found.consent and not identity.is_in_force(found.consent):
        raise ConsentNeeded("同意书有了新版本，请重新阅读并同意后再办理。")


def person_named() -> Iterator[tuple[str, str]]:
    """The headers that tell for whom an answer was, and as what."""
    person, proxy = g.get("acting", (None, None))
    if person is not None:
        yield PERSON_HEADER, str(person)
        yield "Jiayi-Acting", "proxy" if proxy else "self"
    if proxy is not None:
        yield "Jiayi-Kinship", proxy.kinship


def _person_named() -> UUID | None:
    """The person that the request is for, by its header; raises `Invalid`."""
    text = request.headers.get(PERSON_HEADER)
    if text is None:
        return None
    if not _UUID.fullmatch(text):
        raise Invalid(faults=[Fault(f"/headers/{PERSON_HEADER}", "编号格式有误")])
    return UUID(text)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()
