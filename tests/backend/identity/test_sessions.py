"""Sessions: refreshed once, ended at once, revoked when a copy shows up."""

from datetime import timedelta

import pytest
from people import Http, a_member_of_staff, a_resident, an_account, logged_in, token_of

from backend import identity
from backend.identity.models import LoginSession
from backend.kernel.context import Role
from backend.kernel.database import db

REFRESH = "/open/sessions/refresh"


def refreshed(http: Http, token: str) -> tuple[int, str]:
    """Status, and the next refresh token or the problem's code."""
    answer = http("POST", REFRESH, json={"refresh_token": token})
    assert answer.json
    if answer.status_code != 200:
        return answer.status_code, answer.json["type"].rpartition(":")[2]
    return 200, answer.json["refresh_token"]


def asked(http: Http, entered: identity.LoggedIn, path: str = "/resident/me") -> int:
    bearer = {"Authorization": f"Bearer {entered.token.text}"}
    return http("GET", path, headers=bearer).status_code


def long_ago(session: LoginSession, by_: timedelta) -> None:
    session.refreshed_at -= by_
    db.session.flush()


def test_a_refresh_token_is_exchanged_for_the_next(http: Http) -> None:
    entered = logged_in(an_account())
    status, following = refreshed(http, entered.refresh_token)
    assert (status, following != entered.refresh_token) == (200, True)
    assert refreshed(http, following)[0] == 200


def test_requests_sent_together_get_the_same_successor(http: Http) -> None:
    entered = logged_in(an_account())
    assert len({refreshed(http, entered.refresh_token) for _ in range(5)}) == 1


def test_an_older_generation_ends_the_session(http: Http) -> None:
    entered = logged_in(an_account())
    _, second = refreshed(http, entered.refresh_token)
    _, third = refreshed(http, second)
    assert refreshed(http, entered.refresh_token) == (401, "refresh-reused")
    assert refreshed(http, third) == (401, "session-over")
    assert asked(http, entered) == 401


def test_the_last_generation_is_a_copy_after_the_grace(http: Http) -> None:
    entered = logged_in(an_account())
    refreshed(http, entered.refresh_token)
    long_ago(db.session.get_one(LoginSession, entered.session_id), timedelta(seconds=31))
    assert refreshed(http, entered.refresh_token) == (401, "refresh-reused")


@pytest.mark.parametrize("text", ["x", "A" * 43, "é", "A" * 128, "=", "-_" * 20])
def test_a_guess_is_refused_and_ends_nothing(http: Http, text: str) -> None:
    entered = logged_in(an_account())
    assert refreshed(http, text) == (401, "session-over")
    assert asked(http, entered) == 200


def test_a_session_that_rested_too_long_is_over(http: Http) -> None:
    entered = logged_in(an_account())
    session = db.session.get_one(LoginSession, entered.session_id)
    session.expires_at = session.started_at - timedelta(seconds=1)
    db.session.flush()
    assert refreshed(http, entered.refresh_token) == (401, "session-over")
    assert asked(http, entered) == 401


def test_no_refresh_goes_beyond_the_longest_life(http: Http) -> None:
    entered = logged_in(a_member_of_staff(Role.DOCTOR))
    session = db.session.get_one(LoginSession, entered.session_id)
    session.started_at -= timedelta(days=7)
    db.session.flush()
    refreshed(http, entered.refresh_token)
    db.session.refresh(session)
    assert session.expires_at == session.started_at + timedelta(days=7)


def test_logging_out_ends_this_session_alone(http: Http) -> None:
    account = an_account()
    phone, tablet = logged_in(account), logged_in(account)
    bearer = {"Authorization": f"Bearer {phone.token.text}"}
    assert http("DELETE", "/resident/me/sessions/current", headers=bearer).status_code == 204
    assert (asked(http, phone), asked(http, tablet)) == (401, 200)
    assert refreshed(http, phone.refresh_token) == (401, "session-over")


def test_every_other_device_can_be_ended_at_once(http: Http) -> None:
    account = an_account()
    phone, tablet, stolen = (logged_in(account) for _ in range(3))
    bearer = {"Authorization": f"Bearer {phone.token.text}"}
    listed = http("GET", "/resident/me/sessions", headers=bearer).json
    assert listed
    assert [one["is_this_one"] for one in listed["items"]].count(True) == 1
    assert len(listed["items"]) == 3
    left = http("DELETE", "/resident/me/sessions", headers=bearer).json
    assert left
    assert [one["id"] for one in left["items"]] == [str(phone.session_id)]
    assert (asked(http, tablet), asked(http, stolen), asked(http, phone)) == (401, 401, 200)


def test_nobody_ends_the_session_of_somebody_else(http: Http) -> None:
    mine, other = logged_in(an_account()), logged_in(an_account())
    bearer = {"Authorization": f"Bearer {mine.token.text}"}
    path = f"/resident/me/sessions/{other.session_id}"
    assert http("DELETE", path, headers=bearer).status_code == 404
    assert asked(http, other) == 200


def test_staff_list_and_end_their_sessions(http: Http) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    here, there = logged_in(doctor), logged_in(doctor)
    bearer = {"Authorization": f"Bearer {here.token.text}"}
    path = f"/staff/me/sessions/{there.session_id}"
    assert http("DELETE", path, headers=bearer).status_code == 200
    assert asked(http, there, "/doctor/teams") == 401
    assert asked(http, here, "/doctor/teams") == 200


def test_a_change_of_role_is_felt_by_the_next_request(http: Http) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    entered = logged_in(doctor)
    assert asked(http, entered, "/doctor/teams") == 200
    doctor.role = Role.MANAGER
    db.session.flush()
    assert asked(http, entered, "/doctor/teams") == 403
    assert asked(http, entered, "/manager/teams") == 200


def test_only_hashes_are_kept(http: Http) -> None:
    entered = logged_in(an_account())
    _, following = refreshed(http, entered.refresh_token)
    kept = db.session.execute(db.text("SELECT t::text FROM refresh_token t")).scalars().all()
    assert len(kept) == 2
    assert not any(token in row for token in (entered.refresh_token, following) for row in kept)


def test_the_person_is_named_in_every_request_and_answer(http: Http) -> None:
    somebody = a_resident()
    answer = http("GET", "/resident/bookings", somebody)
    assert answer.headers["Jiayi-Person"] == str(somebody.id)
    assert answer.headers["Jiayi-Acting"] == "self"
    unnamed = http(
        "GET", "/resident/bookings", headers={"Authorization": f"Bearer {token_of(somebody)}"}
    )
    assert unnamed.status_code == 422
    assert unnamed.json["type"].endswith("person-needed")


def test_a_stranger_cannot_be_named(http: Http) -> None:
    somebody, other = a_resident(), a_resident("别人")
    answer = http("GET", "/resident/bookings", somebody, on_behalf_of=other)
    assert answer.status_code == 404
    assert "Jiayi-Person" not in answer.headers
