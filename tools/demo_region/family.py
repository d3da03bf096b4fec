"""家庭代办: who of the cast may act for whom, as the services write it."""

from uuid import UUID

from backend import proxies
from backend.kernel import entry
from backend.kernel.calendar import add_months
from backend.kernel.context import Actor, Context, Kinship, Role
from backend.proxies import Terms
from backend.proxies.rules import ALL
from tools.demo_region.people import People

MONTHS = 6


def agree(people: People) -> None:
    """韩守义 has let his son act for him in everything."""
    father, son = (people.by_key[key] for key in ("han", "son"))
    ctx = _by(people, father.id)
    terms = Terms(Kinship.SON, ALL, ctx.today, add_months(ctx.today, MONTHS))
    invitation = proxies.invite(ctx, son.name, terms)
    proxies.accept(_by(people, son.id), invitation.code)


def _by(people: People, resident_id: UUID) -> Context:
    account = next(one.id for one in people.accounts if one.resident_id == resident_id)
    actor = Actor(account, Role.RESIDENT, frozenset({account}))
    return entry.context(actor, entry.moment(), resident_id)
