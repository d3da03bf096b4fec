"""家庭代办 on the own phone: she invites, he accepts, she ends it."""

from datetime import date, timedelta

import pytest
from conftest import MORNING
from mandate_builders import a_mandate, again, body, code_of, invited
from people import Http, a_resident, an_account

from backend import identity, proxies
from backend.kernel.clock import FixedClock
from backend.kernel.context import Kinship, Scope
from backend.kernel.database import db
from backend.kernel.events import EventRow
from backend.proxies.models import EndReason, State

PROXIES, PEOPLE = "/resident/me/proxies", "/resident/me/people"


def test_she_invites_he_accepts_and_acts(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    code = invited(http, her)
    made = http("POST", PEOPLE, son, json={"code": f"{code[:4].lower()}-{code[4:]}"})
    assert made.status_code == 201
    assert made.json
    assert made.json["state"] == "active"
    assert made.json["person"] == "韩*兰"
    answer = http("GET", "/resident/bookings", son, on_behalf_of=her)
    assert answer.status_code == 200
    assert answer.headers["Jiayi-Acting"] == "proxy"
    assert answer.headers["Jiayi-Kinship"] == "son"


def test_the_code_is_kept_as_a_hash_alone(http: Http, her: identity.Resident) -> None:
    code = invited(http, her)
    row = db.session.query(proxies.Mandate).one()
    assert row.code_index is not None
    assert code.encode() not in row.code_index
    assert "韩小军".encode() not in (row.invited_name_sealed or b"")


def test_a_qr_text_is_as_good_as_the_code(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    code = invited(http, her)
    assert http("POST", PEOPLE, son, json={"code": f"jiayi:family:{code}"}).status_code == 201


def test_a_code_opens_once(http: Http, her: identity.Resident, son: identity.Resident) -> None:
    code = invited(http, her)
    twin = a_resident("韩小军", date(1979, 1, 1))
    assert http("POST", PEOPLE, son, json={"code": code}).status_code == 201
    assert http("POST", PEOPLE, twin, json={"code": code}).status_code == 404


def test_who_is_called_otherwise_gets_the_answer_to_a_wrong_code(
    http: Http, her: identity.Resident
) -> None:
    stranger = a_resident("赵四")
    right = http("POST", PEOPLE, stranger, json={"code": invited(http, her)})
    wrong = http("POST", PEOPLE, stranger, json={"code": "AAAABBBB"})
    assert (right.status_code, right.json) == (wrong.status_code, wrong.json)
    assert code_of(right) == "invitation-unknown"


@pytest.mark.parametrize(("hours", "status"), [(23, 201), (24, 404)])
def test_an_invitation_is_good_for_a_day(
    http: Http,
    her: identity.Resident,
    son: identity.Resident,
    clock: FixedClock,
    hours: int,
    status: int,
) -> None:
    code = invited(http, her)
    clock.at = MORNING + timedelta(hours=hours)
    assert http("POST", PEOPLE, son, json={"code": code}).status_code == status


def test_an_invitation_taken_back_opens_nothing(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    code = invited(http, her)
    mandate = db.session.query(proxies.Mandate).one()
    assert http("DELETE", f"{PROXIES}/{mandate.id}", her).status_code == 200
    assert http("POST", PEOPLE, son, json={"code": code}).status_code == 404


def test_nobody_is_a_proxy_of_oneself(http: Http, her: identity.Resident) -> None:
    code = invited(http, her, name="韩桂兰")
    answer = http("POST", PEOPLE, her, json={"code": code})
    assert (answer.status_code, code_of(answer)) == (422, "not-for-oneself")


@pytest.mark.parametrize(("born", "status"), [(date(2008, 11, 24), 422), (date(2008, 11, 23), 201)])
def test_only_adults_act_and_let_act(http: Http, born: date, status: int) -> None:
    young, old = a_resident("周子涵", born), a_resident("周玉荷", date(1950, 1, 1))
    let = http("POST", f"{PROXIES}/invitations", young, json=body(name="周玉荷"))
    assert let.status_code == status
    acts = http("POST", PEOPLE, young, json={"code": invited(http, old, name="周子涵")})
    assert acts.status_code == status


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"ends_on": "2027-11-23"}, "/ends_on"),  # a year and a day
        ({"ends_on": "2026-11-22"}, "/ends_on"),  # yesterday
        ({"starts_on": "2026-11-22"}, "/ends_on"),
        ({"kinship": "guardian"}, "/kinship"),
        ({"scopes": []}, "/scopes"),
        ({"name": "123"}, "/name"),
    ],
)
def test_terms_that_cannot_be_agreed_on(
    http: Http, her: identity.Resident, more: dict[str, object], pointer: str
) -> None:
    answer = http("POST", f"{PROXIES}/invitations", her, json=body(name="韩小军") | more)
    assert answer.status_code == 422
    assert answer.json
    assert answer.json["errors"][0]["pointer"] == pointer


def test_the_last_day_counts_and_the_day_after_does_not(
    http: Http, her: identity.Resident, son: identity.Resident, clock: FixedClock
) -> None:
    a_mandate(her, son, until=date(2026, 11, 24))
    midnight = MORNING.replace(day=25, hour=0, minute=0)
    clock.at = midnight - timedelta(seconds=1)
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 200
    clock.at = midnight
    answer = http("GET", "/resident/bookings", son, on_behalf_of=her)
    assert (answer.status_code, code_of(answer)) == (404, "not-your-person")


def test_a_first_day_to_come_opens_nothing_before(
    http: Http, her: identity.Resident, son: identity.Resident, clock: FixedClock
) -> None:
    code = invited(http, her, starts_on="2026-11-25")
    assert http("POST", PEOPLE, son, json={"code": code}).status_code == 201
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 404
    clock.at = MORNING.replace(day=25, hour=0, minute=0)
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 200


SCOPED = [
    (Scope.BOOK, "POST", "/resident/bookings", "预约挂号"),
    (Scope.SIGN, "GET", "/resident/contracts", "签约"),
    (Scope.RESULTS, "GET", "/resident/readings", "健康记录"),
    (Scope.REMINDERS, "GET", "/resident/messages", "提醒"),
]


@pytest.mark.parametrize(("scope", "method", "path", "words"), SCOPED)
def test_what_she_did_not_allow_is_refused_in_words(
    http: Http,
    her: identity.Resident,
    son: identity.Resident,
    scope: Scope,
    method: str,
    path: str,
    words: str,
) -> None:
    others = set(Scope) - {scope}
    a_mandate(her, son, *others)
    sent = {"session_id": str(her.id)} if method == "POST" else None
    answer = http(method, path, son, on_behalf_of=her, json=sent)
    assert (answer.status_code, code_of(answer)) == (403, "scope-needed"), answer.json
    assert answer.json
    assert words in answer.json["detail"]


def test_narrowing_is_hers_alone_and_at_once(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    mandate = a_mandate(her, son)
    assert http("GET", "/resident/readings", son, on_behalf_of=her).status_code == 200
    path = f"{PROXIES}/{mandate.id}/scopes"
    answer = http("PUT", path, her, json={"scopes": ["book", "reminders"]})
    assert answer.status_code == 200
    assert http("GET", "/resident/readings", son, on_behalf_of=her).status_code == 403
    assert http("PUT", path, son, json={"scopes": ["results"]}).status_code == 403
    assert http("PUT", path, son, json={"scopes": ["results"]}, on_behalf_of=her).status_code == 403
    assert http("PUT", path, her, json={"scopes": ["results"]}).status_code == 200
    assert http("GET", "/resident/readings", son, on_behalf_of=her).status_code == 200


def test_she_ends_it_in_one_call_and_his_next_request_is_refused(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    mandate = a_mandate(her, son)
    answer = http("DELETE", f"{PROXIES}/{mandate.id}", her)
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["end_reason"] == "revoked"
    refused = http("GET", "/resident/bookings", son, on_behalf_of=her)
    assert (refused.status_code, code_of(refused)) == (404, "not-your-person")
    assert http("DELETE", f"{PROXIES}/{mandate.id}", her).status_code == 409


def test_she_can_end_it_without_any_consent_in_force(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    mandate = a_mandate(her, son)
    db.session.query(identity.Consent).filter_by(resident_id=her.id).delete()
    assert http("GET", "/resident/readings", her).status_code == 403
    assert http("DELETE", f"{PROXIES}/{mandate.id}", her).status_code == 200


def test_he_can_give_it_up(http: Http, her: identity.Resident, son: identity.Resident) -> None:
    mandate = a_mandate(her, son)
    assert http("DELETE", f"{PEOPLE}/{mandate.id}", son).status_code == 204
    assert again(mandate).end_reason is EndReason.GIVEN_UP
    assert http("GET", "/resident/bookings", son, on_behalf_of=her).status_code == 404


def test_what_was_allowed_is_not_passed_on(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    """No chains: he appoints nobody for her, and acts for nobody whom she acts for."""
    mandate = a_mandate(her, son)
    grandson = a_resident("韩冬", date(2000, 1, 1))
    sister = a_resident("韩桂香", date(1950, 1, 1))
    a_mandate(sister, her, kinship=Kinship.SIBLING)
    assert http("GET", "/resident/bookings", son, on_behalf_of=sister).status_code == 404
    for method, path, sent in [
        ("POST", f"{PROXIES}/invitations", body(name=grandson.name)),
        ("GET", PROXIES, None),
        ("GET", PEOPLE, None),
        ("POST", PEOPLE, {"code": "AAAABBBB"}),
        ("DELETE", f"{PROXIES}/{mandate.id}", None),
    ]:
        answer = http(method, path, son, json=sent, on_behalf_of=her)
        assert (answer.status_code, code_of(answer)) == (403, "not-for-proxies"), path


PRIVATE = [
    ("POST", "/resident/me/consents"),
    ("GET", "/resident/me/consents/health_data/consequences"),
    ("GET", "/resident/me/access-log"),
    ("GET", "/resident/me/deletion/consequences"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_some_things_are_never_a_proxys(
    http: Http, her: identity.Resident, son: identity.Resident, method: str, path: str
) -> None:
    a_mandate(her, son)
    text = identity.consent_text(identity.Purpose.HEALTH_DATA)
    sent = {"purpose": "health_data", "version": text.version} if method == "POST" else None
    answer = http(method, path, son, json=sent, on_behalf_of=her)
    assert (answer.status_code, code_of(answer)) == (403, "not-for-proxies"), answer.json


def test_a_proxy_sees_the_own_sessions_and_never_hers(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    a_mandate(her, son)
    hers = http("GET", "/resident/me/sessions", her)
    his = http("GET", "/resident/me/sessions", son, on_behalf_of=her)
    assert hers.json
    assert his.json
    shown = {one["id"] for one in his.json["items"]}
    assert shown.isdisjoint({one["id"] for one in hers.json["items"]})


def test_two_proxies_book_for_one_person(http: Http, her: identity.Resident) -> None:
    son, daughter = a_resident("韩小军"), a_resident("韩小红")
    a_mandate(her, son)
    a_mandate(her, daughter, kinship=Kinship.DAUGHTER)
    for member, kinship in [(son, "son"), (daughter, "daughter")]:
        answer = http("GET", "/resident/bookings", member, on_behalf_of=her)
        assert answer.headers["Jiayi-Kinship"] == kinship


def test_whatever_account_the_proxy_uses(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    a_mandate(her, son)
    second = an_account(resident_id=son.id)
    answer = http("GET", "/resident/bookings", second, headers={"Jiayi-Person": str(her.id)})
    assert answer.status_code == 200


def test_four_may_act_for_one_and_a_fifth_not(http: Http, her: identity.Resident) -> None:
    for n in range(4):
        a_mandate(her, a_resident(f"韩{'一二三四'[n]}"))
    fifth = a_resident("韩五")
    answer = http("POST", PEOPLE, fifth, json={"code": invited(http, her, name="韩五")})
    assert (answer.status_code, code_of(answer)) == (409, "too-many-proxies")


def test_one_acts_for_six_and_not_for_a_seventh(http: Http, son: identity.Resident) -> None:
    for _ in range(6):
        a_mandate(a_resident("韩老"), son)
    code = invited(http, a_resident("韩老"))
    answer = http("POST", PEOPLE, son, json={"code": code})
    assert (answer.status_code, code_of(answer)) == (409, "too-many-people")


def test_a_new_invitation_replaces_what_the_pair_had(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    old = a_mandate(her, son, Scope.BOOK)
    http("POST", PEOPLE, son, json={"code": invited(http, her)})
    assert again(old).end_reason is EndReason.REPLACED
    assert http("GET", "/resident/contracts", son, on_behalf_of=her).status_code == 200
    assert db.session.query(proxies.Mandate).filter_by(state=State.ACTIVE).count() == 1


def test_the_switcher_shows_oneself_first_and_masks_the_others(
    http: Http, her: identity.Resident, son: identity.Resident
) -> None:
    a_mandate(her, son, Scope.BOOK)
    found = http("GET", PEOPLE, son).json
    assert found
    me, mother = found["items"]
    assert (me["name"], me["kinship"]) == ("韩小军", None)
    assert (mother["name"], mother["kinship"], mother["scopes"]) == ("韩*兰", "son", ["book"])
    assert mother["until"] == "2027-05-31"


def test_every_act_says_who_did_it(her: identity.Resident, son: identity.Resident) -> None:
    a_mandate(her, son)
    began = db.session.query(EventRow).filter_by(name="proxies.ProxyBegan").one()
    assert (began.resident_id, began.by_kinship) == (her.id, None)
