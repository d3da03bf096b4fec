"""People of the tests, and how they speak to the API."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from backend import identity
from backend.identity.documents import check_character
from backend.kernel import entry
from backend.kernel.context import CLOCK, Actor, Context, Role
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.ids import new_id

_counter = iter(range(10**6))


def an_id_number(born: date = date(1962, 3, 8), *, sex: identity.Sex = identity.Sex.FEMALE) -> str:
    """A well-formed invented ID number, another one each time."""
    sequence = (next(_counter) * 2 + (sex is identity.Sex.MALE)) % 1000
    area = 330500 + next(_counter) % 90 + 2
    body = f"{area}{born:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def an_account(**facts: Any) -> identity.Account:
    """Somebody who opened the mini-program."""
    account = identity.Account(openid=f"o{new_id().hex[:27]}", created_at=entry.moment(), **facts)
    return _added(account)


def a_resident(
    name: str = "王桂芬", born: date = date(1962, 3, 8), *, account: bool = True
) -> identity.Resident:
    """A verified resident, 64 at the tests' morning, with an account unless said otherwise."""
    number = an_id_number(born)
    resident = identity.Resident(
        name=name,
        id_number_index=keyring().index(number, "id_number"),
        birth_date=born,
        sex=identity.Sex.FEMALE,
        verified_at=entry.moment(),
    )
    resident.id_number, resident.phone = number, "13805720001"
    _added(resident)
    for purpose in identity.Purpose:
        _added(a_consent(resident, purpose))
    if account:
        own = an_account(resident_id=resident.id)
        own.phone = resident.phone
    return resident


def a_consent(
    resident: identity.Resident, purpose: identity.Purpose = identity.Purpose.HEALTH_DATA
) -> identity.Consent:
    """The person agreed on paper to the text in force."""
    text = identity.consent_text(purpose)
    return identity.Consent(
        resident_id=resident.id,
        channel=identity.Channel.DESK,
        purpose=text.purpose,
        version=text.version,
        text_hash=b"",
        given_at=entry.moment(),
    )


def a_member_of_staff(
    role: Role, name: str = "周文", institution: UUID | None = None, title: str = "主治医师"
) -> identity.Staff:
    """A member of staff with a WeChat account bound."""
    person = identity.Staff(
        name=name, role=role, title=title, institution_id=institution or new_id()
    )
    _added(person)
    an_account(staff_id=person.id)
    return person


def by(person: identity.Staff | identity.Resident | Actor) -> Context:
    """The context in which this person acts now."""
    at = entry.moment()
    if isinstance(person, Actor):
        return entry.context(person, at)
    found = identity.authenticate(at, token_of(person))
    return entry.context(found.actor, at, found.resident, proxy=found.proxy, consent=found.consent)


def by_itself() -> Context:
    """The context of the clock."""
    return entry.context(CLOCK, entry.moment())


def token_of(person: identity.Staff | identity.Resident | identity.Account) -> str:
    """An access token of this person, in a session of its own."""
    return logged_in(person).token.text


def headers_of(person: identity.Staff | identity.Resident | identity.Account) -> dict[str, str]:
    """What this person's phone sends along: the token, and for whom."""
    bearer = {"Authorization": f"Bearer {token_of(person)}"}
    return bearer | (
        {"Jiayi-Person": str(person.id)} if isinstance(person, identity.Resident) else {}
    )


def logged_in(person: identity.Staff | identity.Resident | identity.Account) -> identity.LoggedIn:
    """A new session of this person."""
    holder = identity.Holder.RESIDENT
    subject = person.id
    if isinstance(person, identity.Staff):
        holder = identity.Holder.STAFF
    if isinstance(person, identity.Resident):
        own = db.session.query(identity.Account).filter_by(resident_id=person.id)
        subject = own.order_by(identity.Account.id).limit(1).one().id
    return identity.begin_session(by_itself(), holder, subject)


class Http:
    """Requests with a person's token; what builders made is committed to the savepoint first."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def __call__(
        self,
        method: str,
        path: str,
        person: Any = None,
        *,
        json: Any = None,
        on_behalf_of: identity.Resident | None = None,
        **options: Any,
    ) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if person is not None:
            headers["Authorization"] = f"Bearer {token_of(person)}"
        whose = on_behalf_of or person
        if isinstance(whose, identity.Resident) and path.startswith("/resident"):
            headers.setdefault("Jiayi-Person", str(whose.id))
        db.session.commit()
        answer = self._client.open(
            f"/api/v1{path}", method=method, json=json, headers=headers, **options
        )
        db.session.expire_all()
        # What was local to the request's transaction is still there in the test's own.
        db.session.execute(text("SELECT set_config('jiayi.houses', '', true)"))
        return answer


def _added(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row
