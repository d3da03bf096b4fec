"""Posts and access over HTTP: from the invitation to the web session, and who may not."""

from typing import Any

import pytest
from people import Http, a_member_of_staff, logged_in
from simulators import Simulator
from sqlalchemy import func, update
from staffing_builders import PASSWORD, a_consortium, a_manager, code_of, with_access, wrong_code

from backend import identity
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.staffing import codes, lockouts


class Phone:
    """Somebody who keeps one session."""

    def __init__(self, http: Http, token: str) -> None:
        self.http, self.headers = http, {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, **sent: Any) -> Any:
        return self.http(method, path, headers=self.headers, **sent)


def of(http: Http, person: identity.Staff, *, stepped_up: bool = False) -> Phone:
    entered = logged_in(person)
    if stepped_up:
        own = identity.LoginSession.id == entered.session_id
        db.session.execute(
            update(identity.LoginSession).where(own).values(stepped_up_at=func.now())
        )
    return Phone(http, entered.token.text)


def test_from_the_invitation_to_the_web(http: Http, wechat: Simulator) -> None:
    (house,) = a_consortium("")
    chief = of(http, a_manager(house, Role.CONSORTIUM_MANAGER), stepped_up=True)
    post = {
        "name": "钱知秋",
        "role": "pharmacist",
        "title": "主管药师",
        "institution_id": str(house.id),
    }
    offer = chief("POST", "/manager/staff-invitations", json=post)
    assert offer.status_code == 201
    page, code = offer.json["page"], offer.json["code"]
    assert page.startswith("pages/work/join?invitation=")
    listed = chief("GET", "/manager/staff-invitations")
    assert code not in listed.text
    assert page.partition("=")[2] not in listed.text

    taken = {"invitation": code, "code": wechat.code(wechat.user("o-qian")), "device": "手机"}
    entered = http("POST", "/open/staff-invitations/acceptance", json=taken)
    assert entered.status_code == 201
    own = Phone(http, entered.json["access_token"])
    assert own("GET", "/staff/me").json["role"] == "pharmacist"
    again = {"invitation": code, "code": wechat.code(wechat.user("o-else"))}
    assert http("POST", "/open/staff-invitations/acceptance", json=again).status_code == 404

    set_up = {"login": "qian.zhiqiu", "password": PASSWORD}
    assert own("PUT", "/staff/me/web-access", json=set_up).json["has_second_factor"] is False
    shown = own("POST", "/staff/me/second-factor").json
    assert shown["qr_svg"].startswith("<svg")
    first = codes.code_at(shown["secret"], codes.step_of(lockouts.real_time().timestamp()) - 1)
    proved = own("POST", "/staff/me/second-factor/confirmation", json={"code": first})
    assert proved.status_code == 201
    recovery = proved.json["recovery_codes"]
    web = http("POST", "/open/staff-web-sessions", json={**set_up, "code": recovery[0]})
    assert web.status_code == 201
    assert own("GET", "/staff/me/web-access").json["recovery_codes_left"] == 9


def test_a_refused_log_in_tells_nothing_and_then_how_long_to_wait(http: Http) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    sent = {"login": "zhou.wen", "password": PASSWORD, "code": wrong_code(own)}
    refused = http("POST", "/open/staff-web-sessions", json=sent)
    unknown = http("POST", "/open/staff-web-sessions", json={**sent, "login": "nobody.here"})
    assert refused.status_code == unknown.status_code == 401
    assert refused.json == unknown.json
    waiting = http("POST", "/open/staff-web-sessions", json={**sent, "code": code_of(own)})
    assert waiting.status_code == 429
    assert waiting.json["type"] == "urn:jiayi:problem:shut"
    assert 1 <= int(waiting.headers["Retry-After"]) <= 2


def test_stepping_up_opens_what_needs_it_in_this_session_only(http: Http) -> None:
    (house,) = a_consortium("")
    manager, nurse = a_manager(house), a_member_of_staff(Role.NURSE, institution=house.id)
    own = with_access(manager)
    here, elsewhere = of(http, manager), of(http, manager)
    path, role = f"/manager/staff/{nurse.id}/role", {"role": "public_health", "title": "公卫医师"}
    assert here("POST", path, json=role).json["type"] == "urn:jiayi:problem:step-up-needed"
    assert here("POST", "/staff/me/step-up", json={"code": code_of(own)}).status_code == 204
    assert here("POST", path, json=role).json["role"] == "public_health"
    assert elsewhere("POST", path, json=role).status_code == 403


def test_leaving_and_handing_over(http: Http) -> None:
    (house,) = a_consortium("")
    doctor = a_member_of_staff(Role.DOCTOR, institution=house.id)
    chief, leaver = of(http, a_manager(house), stepped_up=True), of(http, doctor)
    assert leaver("GET", "/staff/me").status_code == 200
    left = chief("POST", f"/manager/staff/{doctor.id}/departure", json={"at": None})
    assert (left.status_code, left.json) == (200, [])
    assert leaver("GET", "/staff/me").status_code == 401
    gone = chief("GET", "/manager/staff?left=true").json["items"]
    assert [person["id"] for person in gone] == [str(doctor.id)]
    assert chief("GET", f"/manager/staff/{doctor.id}/open-work").json == []


@pytest.mark.parametrize("field", ["id", "left_at", "staff_id", "houses"])
def test_nobody_writes_what_is_not_asked(http: Http, field: str) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    chief = of(http, a_manager(house), stepped_up=True)
    body = {"role": "public_health", "title": "公卫医师", field: None}
    assert chief("POST", f"/manager/staff/{nurse.id}/role", json=body).status_code == 422
