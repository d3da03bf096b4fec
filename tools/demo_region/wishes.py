"""长处方申请: what chronic patients of the cast's team have asked for, as the services write it."""

from uuid import UUID

from backend import identity, prescriptions
from backend.kernel import entry
from backend.kernel.context import Actor, Role
from tools.demo_region.contracts import Signed
from tools.demo_region.people import People

DAYS, DRUG = 56, "AML5"


def ask(people: People, signed: list[Signed]) -> None:
    """陈秀禾 has asked for her drug and confirmed what a long prescription means."""
    for each in signed:
        if each.patient.key == "chen":
            account = next(one for one in people.accounts if one.resident_id == each.patient.row.id)
            _ask(account.id, each)


def _ask(account_id: UUID, signed: Signed) -> None:
    actor = Actor(account_id, Role.RESIDENT, frozenset({account_id}))
    agreed = identity.consent_text(identity.Purpose.HEALTH_DATA).version
    ctx = entry.context(actor, entry.moment(), signed.patient.row.id, consent=agreed)
    house = signed.patient.house.id
    wish = prescriptions.request(ctx, drugs=[DRUG], days=DAYS, institution_id=house)
    prescriptions.confirm(ctx, wish, prescriptions.confirmation_text(wish).digest)
