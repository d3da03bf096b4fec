"""Family members of the tests, and how they act for somebody."""

from datetime import datetime, timedelta

from people import a_resident, by_itself, token_of

from backend import identity
from backend.kernel import entry
from backend.kernel.context import Context, Kinship, Scope
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, part, relate


def a_relative(
    person: identity.Resident,
    *scopes: Scope,
    kinship: Kinship = Kinship.SON,
    kind: Kind = Kind.PROXY,
    until: datetime | None = None,
) -> identity.Resident:
    """A verified resident whom this person lets act within these scopes; a son unless said."""
    relative = a_resident("王小明")
    relate(
        by_itself(),
        person.id,
        relative.id,
        kind,
        source_id=new_id(),
        until=until,
        scope=",".join(scopes),
        kinship=kinship,
    )
    return relative


def a_former_relative(person: identity.Resident) -> identity.Resident:
    """A relative who was allowed everything until a moment ago."""
    relative, source = a_resident("王小强"), new_id()
    then = entry.context(by_itself().actor, entry.moment() - timedelta(days=30))
    relate(
        then,
        person.id,
        relative.id,
        Kind.PROXY,
        source_id=source,
        scope=",".join(Scope),
        kinship=Kinship.SON,
    )
    part(by_itself(), [source])
    return relative


def a_guardian(child: identity.Resident) -> identity.Resident:
    """A parent who acts for a child in everything."""
    return a_relative(child, *Scope, kinship=Kinship.MOTHER, kind=Kind.GUARDIAN)


def acting_for(relative: identity.Resident, person: identity.Resident) -> Context:
    """The context in which a relative acts for a person now."""
    at = entry.moment()
    found = identity.authenticate(at, token_of(relative), person.id)
    return entry.context(found.actor, at, found.resident, proxy=found.proxy, consent=found.consent)
