"""Family members who may act for a person, made as people make them."""

from collections.abc import Iterable
from datetime import date, timedelta

from contract_builders import a_centre
from people import Http, a_member_of_staff, a_resident, by, by_itself

from backend import identity, proxies
from backend.kernel.context import Kinship, Role, Scope
from backend.kernel.database import db
from backend.proxies.rules import ALL, Terms

LAST_DAY = date(2027, 5, 31)


def terms(
    *scopes: Scope,
    kinship: Kinship = Kinship.SON,
    until: date = LAST_DAY,
    since: date | None = None,
) -> Terms:
    """From today to the end of May; everything unless scopes are named."""
    return Terms(kinship, frozenset(scopes) or ALL, since or by_itself().today, until)


def a_mandate(
    person: identity.Resident | None = None,
    member: identity.Resident | None = None,
    *scopes: Scope,
    kinship: Kinship = Kinship.SON,
    until: date = LAST_DAY,
) -> proxies.Mandate:
    """She invited him, and he accepted."""
    person = person or a_resident("韩桂兰", date(1948, 9, 15))
    member = member or a_resident("韩小军", date(1980, 2, 3))
    agreed = terms(*scopes, kinship=kinship, until=until)
    made = proxies.invite(by(person), member.name, agreed)
    return proxies.accept(by(member), made.code)


def a_guardian_of(
    child: identity.Resident,
    parent: identity.Resident | None = None,
    kinship: Kinship = Kinship.MOTHER,
) -> proxies.Mandate:
    """Recorded by one, witnessed by another."""
    parent = parent or a_resident("李敏", date(1988, 6, 1))
    first, second = a_desk()
    papers = proxies.Papers(proxies.Proof.HOUSEHOLD_REGISTER, "330523-0042")
    made = proxies.record_guardian(by(first), present(child), present(parent), kinship, papers)
    return proxies.witness(by(second), made)


def a_desk(*roles: Role) -> list[identity.Staff]:
    """Two who work at one house: a nurse and a doctor unless said otherwise."""
    house = a_centre()
    wanted = roles or (Role.NURSE, Role.DOCTOR)
    return [a_member_of_staff(role, f"{n}号", house.id) for n, role in enumerate(wanted, 1)]


def present(person: identity.Resident) -> identity.Claim:
    """The person with the document."""
    return identity.Claim(person.name, person.id_number or "")


def document(person: identity.Resident) -> dict[str, object]:
    """The same as a desk sends it."""
    card = {"kind": "resident_card", "number": person.id_number or ""}
    return {"name": person.name, "document": card}


def body(*scopes: str, **more: object) -> dict[str, object]:
    """The terms as a client sends them."""
    wanted: Iterable[str] = scopes or ("book", "results", "sign", "reminders")
    return {"kinship": "son", "scopes": list(wanted), "ends_on": "2027-05-31", **more}


def invited(http: Http, her: identity.Resident, name: str = "韩小军", **more: object) -> str:
    answer = http("POST", "/resident/me/proxies/invitations", her, json=body(name=name, **more))
    assert answer.status_code == 201, answer.json
    assert answer.json
    return str(answer.json["code"])


def code_of(answer: object) -> str:
    return str(answer.json["type"]).rpartition(":")[2]  # type: ignore[attr-defined]


def the_day_before(day: date) -> date:
    return day - timedelta(days=1)


def again(mandate: proxies.Mandate) -> proxies.Mandate:
    """As it is now."""
    db.session.flush()
    db.session.expire_all()
    return db.session.get_one(proxies.Mandate, mandate.id)
