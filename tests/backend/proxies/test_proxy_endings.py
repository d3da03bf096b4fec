"""What ends by itself, and who is told."""

from datetime import date

import pytest
from conftest import MORNING
from mandate_builders import a_mandate, again, terms
from people import Http, a_resident, by, by_itself, token_of

from backend import identity, messaging, proxies
from backend.kernel.context import Kinship
from backend.kernel.errors import NotForProxies
from backend.proxies.models import EndReason, State

PROXIES, PEOPLE = "/resident/me/proxies", "/resident/me/people"


def test_death_or_erasure_ends_everything_on_both_sides(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    grandson = a_resident("韩冬", date(2000, 1, 1))
    mandate, by_her = a_mandate(her, son), a_mandate(grandson, her, kinship=Kinship.GRANDCHILD)
    open_one = proxies.invite(by(her), "韩红", terms()).mandate
    assert proxies.end_all_of(by(son), her.id) == 3
    assert {again(one).end_reason for one in (mandate, by_her)} == {EndReason.CLOSED}
    assert again(open_one).state is State.LAPSED
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 404


def test_a_service_refuses_a_proxy_however_it_is_called(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    a_mandate(her, son)
    found = identity.authenticate(MORNING, token_of(son), her.id)
    ctx = by(son)
    acting = type(ctx)(found.actor, ctx.at, ctx.region, found.resident, "", found.proxy)
    with pytest.raises(NotForProxies):
        proxies.invite(acting, "某某", terms())


def test_both_are_told(http: Http, her: identity.Resident, son: identity.Resident) -> None:
    mandate = a_mandate(her, son)
    began = proxies.ProxyBegan(her.id, mandate.id, son.id, False)
    proxies.tell_began(by_itself(), began)
    told = {row.to_resident_id for row in messaging.about(mandate.id)}
    assert told == {her.id, son.id}
    ended = proxies.ProxyEnded(her.id, mandate.id, son.id, EndReason.REVOKED)
    proxies.tell_ended(by_itself(), ended)
    kinds = [row.kind for row in messaging.about(mandate.id) if row.state != "withdrawn"]
    assert kinds == [messaging.MessageKind.PROXY_ENDED] * 2
