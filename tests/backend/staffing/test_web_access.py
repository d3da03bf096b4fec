"""Name, password, code: right or wrong, counted, waited for, forgiven."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import MORNING
from flask import Flask
from people import a_member_of_staff, an_account, by, logged_in
from staffing_builders import (
    ANOTHER,
    PASSWORD,
    a_consortium,
    a_manager,
    code_of,
    stepped_up,
    with_access,
    wrong_code,
)

from backend import identity, staffing
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import ANYONE, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, LeavesTrace, StepUpNeeded, Unauthenticated
from backend.kernel.events import EventRow
from backend.staffing import codes, lockouts
from backend.staffing.errors import (
    CodeRefused,
    LoginRefused,
    LoginTaken,
    PasswordExpired,
    PasswordRefused,
    SecondFactorNeeded,
    Shut,
)


def log_in(login: str, password: str, code: str | None = None, **more: Any) -> identity.LoggedIn:
    db.session.commit()
    return staffing.log_in_web(entry.context(ANYONE, entry.moment()), login, password, code, **more)


def let_pass(login: str = "zhou.wen") -> None:
    """As if the wait were over."""
    counted = lockouts.key(lockouts.LOGIN, login)
    row = db.session.query(staffing.Lockout).filter_by(key=counted).one()
    row.failed_at -= timedelta(minutes=16)
    db.session.flush()


def failures(login: str = "zhou.wen") -> int:
    counted = lockouts.key(lockouts.LOGIN, login)
    row = db.session.query(staffing.Lockout).filter_by(key=counted).one_or_none()
    return row.failures if row else 0


def test_the_right_three_open_a_web_session(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    own = with_access(doctor)
    entered = log_in(" Zhou.Wen ", PASSWORD, code_of(own))
    found = identity.authenticate(MORNING, entered.token.text)
    assert found.actor.id == doctor.id
    assert found.actor.stepped_up_at is None
    row = db.session.get_one(identity.LoginSession, entered.session_id)
    assert row.door is identity.Door.WEB


@pytest.mark.parametrize("wrong", ["login", "password", "code", "no code", "left"])
def test_whatever_is_wrong_the_answer_is_one(app: Flask, wrong: str) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    own = with_access(doctor)
    given = {"login": "zhou.wen", "password": PASSWORD, "code": code_of(own)}
    changed: dict[str, Any] = {
        "login": {"login": "nobody.here"},
        "password": {"password": ANOTHER},
        "code": {"code": wrong_code(own)},
        "no code": {"code": None},
        "left": {},
    }
    if wrong == "left":
        doctor.left_at = MORNING
    with pytest.raises(LoginRefused) as refused:
        log_in(**given | changed[wrong])
    assert refused.value.detail == LoginRefused.advice
    assert isinstance(refused.value, LeavesTrace)
    assert failures(changed[wrong].get("login", "zhou.wen")) == 1


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.MANAGER, Role.CONSORTIUM_MANAGER, Role.AUDITOR])
def test_without_a_second_factor_these_do_not_enter(app: Flask, role: Role) -> None:
    with_access(a_member_of_staff(role), secret=None)
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", PASSWORD)


def test_a_nurse_enters_without_where_the_region_says_so(app: Flask) -> None:
    nurse = a_member_of_staff(Role.NURSE)
    own = with_access(nurse, secret=None)
    assert log_in("zhou.wen", PASSWORD)
    own.totp, own.totp_since = codes.new_secret(), MORNING
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", PASSWORD)


def test_a_code_counts_once(app: Flask) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    code = code_of(own)
    log_in("zhou.wen", PASSWORD, code)
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", PASSWORD, code)


@pytest.mark.parametrize(("late", "enters"), [(-2, False), (-1, True), (0, True), (2, False)])
def test_clocks_may_differ_by_a_step(app: Flask, late: int, enters: bool) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    if enters:
        assert log_in("zhou.wen", PASSWORD, code_of(own, late))
    else:
        with pytest.raises(LoginRefused):
            log_in("zhou.wen", PASSWORD, code_of(own, late))


@pytest.mark.parametrize("login", ["zhou.wen", "nobody.here"])
def test_after_a_failure_even_the_right_one_waits_and_is_told_how_long(
    app: Flask, login: str
) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    for _ in range(6):
        with pytest.raises(LoginRefused):
            log_in(login, ANOTHER, code_of(own))
        let_pass(login)
    with pytest.raises(LoginRefused):
        log_in(login, ANOTHER, code_of(own))
    with pytest.raises(Shut) as shut:
        log_in(login, PASSWORD, code_of(own))
    assert 55 < shut.value.retry_after_s <= 64
    assert "1 分" in shut.value.detail
    assert failures(login) == 7  # waiting is not counted


def test_success_forgets_the_failures(app: Flask) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", ANOTHER)
    let_pass()
    log_in("zhou.wen", PASSWORD, code_of(own))
    assert failures() == 0


def test_a_day_later_one_begins_anew(app: Flask) -> None:
    with_access(a_member_of_staff(Role.DOCTOR))
    for _ in range(3):
        with pytest.raises(LoginRefused):
            log_in("zhou.wen", ANOTHER)
        let_pass()
    counted = lockouts.key(lockouts.LOGIN, "zhou.wen")
    db.session.query(staffing.Lockout).filter_by(key=counted).one().failed_at -= timedelta(days=1)
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", ANOTHER)
    assert failures() == 1


def test_each_refusal_is_an_event(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    with_access(doctor)
    for login in ("zhou.wen", "nobody.here"):
        with pytest.raises(LoginRefused):
            log_in(login, ANOTHER)
    rows = db.session.query(EventRow).filter_by(name="staffing.AccessRefused").order_by(EventRow.id)
    assert [row.payload["staff_id"] for row in rows] == [str(doctor.id), None]


def test_an_old_password_must_be_changed_on_the_way_in(app: Flask, clock: FixedClock) -> None:
    own = with_access(a_member_of_staff(Role.DOCTOR))
    clock.at = MORNING + timedelta(days=90)
    with pytest.raises(PasswordExpired):
        log_in("zhou.wen", PASSWORD, code_of(own))
    db.session.rollback()
    db.session.refresh(own)
    own.totp_step = None
    for weak in ("password@123", PASSWORD):
        with pytest.raises(Invalid):
            log_in("zhou.wen", PASSWORD, code_of(own), new_password=weak)
        own.totp_step = None
    assert log_in("zhou.wen", PASSWORD, code_of(own), new_password=ANOTHER)
    assert own.password_set_on == entry.now().today


def test_setting_a_password_the_first_time_and_changing_it(app: Flask) -> None:
    nurse = a_member_of_staff(Role.NURSE)
    here = by(nurse)
    elsewhere = logged_in(nurse).token.text
    db.session.commit()
    staffing.set_password(here, "Yu.Xiaoman", PASSWORD)
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, elsewhere)
    db.session.commit()
    with pytest.raises(StepUpNeeded):
        staffing.set_password(here, "yu.xiaoman", ANOTHER)
    with pytest.raises(PasswordRefused):
        staffing.set_password(here, "yu.xiaoman", ANOTHER, "not this one")
    with pytest.raises(Shut):
        staffing.set_password(here, "yu.xiaoman", ANOTHER, PASSWORD)
    db.session.query(staffing.Lockout).delete()
    db.session.commit()
    staffing.set_password(here, "yu.xiaoman", ANOTHER, PASSWORD)
    assert log_in("yu.xiaoman", ANOTHER)


@pytest.mark.parametrize("login", ["", "abc", "周文周文", "a b c d", "x" * 33, ".abcd"])
def test_a_login_name_is_plain(app: Flask, login: str) -> None:
    with pytest.raises(Invalid):
        staffing.set_password(by(a_member_of_staff(Role.NURSE)), login, PASSWORD)


def test_a_login_name_is_had_by_one(app: Flask) -> None:
    with_access(a_member_of_staff(Role.DOCTOR))
    ctx = by(a_member_of_staff(Role.NURSE))
    db.session.commit()
    with pytest.raises(LoginTaken):
        staffing.set_password(ctx, "Zhou.Wen", PASSWORD)


def test_enrolling_the_second_factor(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    ctx, elsewhere = by(doctor), logged_in(doctor).token.text
    with pytest.raises(SecondFactorNeeded):
        staffing.begin_second_factor(ctx)
    own = with_access(doctor, secret=None)
    shown = staffing.begin_second_factor(ctx)
    assert own.totp is None
    assert shown.secret.encode() not in (own.new_totp_sealed or b"")
    with pytest.raises(CodeRefused):
        staffing.confirm_second_factor(ctx, "000000" if own.new_totp else "")
    db.session.query(staffing.Lockout).delete()
    code = codes.code_at(shown.secret, codes.step_of(entry_time()))
    recovery = staffing.confirm_second_factor(ctx, code)
    assert own.totp == shown.secret
    assert len(set(recovery)) == 10
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, elsewhere)
    with pytest.raises(StepUpNeeded):
        staffing.begin_second_factor(ctx)
    assert staffing.begin_second_factor(stepped_up(doctor)).secret != shown.secret
    assert own.totp == shown.secret  # until the new one is proved


def entry_time() -> float:
    return lockouts.real_time().timestamp()


def test_a_recovery_code_stands_in_once(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    with_access(doctor)
    first, second, *_ = staffing.renew_recovery_codes(stepped_up(doctor))
    assert log_in("zhou.wen", PASSWORD, first.lower())
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", PASSWORD, first)
    let_pass()
    assert log_in("zhou.wen", PASSWORD, second)
    own = staffing.credential(by(doctor))
    assert own is not None
    assert staffing.recovery_codes_left(own.id) == 8


def test_a_recovery_code_is_of_its_owner(app: Flask) -> None:
    doctor, other = a_member_of_staff(Role.DOCTOR), a_member_of_staff(Role.DOCTOR)
    with_access(doctor)
    with_access(other, "other.one")
    code = staffing.renew_recovery_codes(stepped_up(other))[0]
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", PASSWORD, code)


def test_stepping_up_in_a_wechat_session(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    own = with_access(doctor)
    token = logged_in(doctor).token.text
    ctx = entry.context(identity.authenticate(MORNING, token).actor, MORNING)
    with pytest.raises(CodeRefused):
        staffing.step_up(ctx, wrong_code(own))
    with pytest.raises(Shut):
        staffing.step_up(ctx, code_of(own))
    db.session.query(staffing.Lockout).delete()
    staffing.step_up(ctx, code_of(own))
    assert identity.authenticate(MORNING, token).actor.stepped_up_at is not None
    assert by(doctor).actor.stepped_up_at is None  # another session did not
    with pytest.raises(CodeRefused):
        staffing.step_up(ctx, code_of(own))


def test_nobody_steps_up_without_a_second_factor(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    with pytest.raises(SecondFactorNeeded):
        staffing.step_up(by(doctor), "123456")
    with_access(doctor, secret=None)
    with pytest.raises(SecondFactorNeeded):
        staffing.step_up(by(doctor), "123456")


def test_a_manager_resets_what_was_forgotten(app: Flask) -> None:
    (house,) = a_consortium("")
    manager, doctor = a_manager(house), a_member_of_staff(Role.DOCTOR, institution=house.id)
    with_access(doctor)
    staffing.renew_recovery_codes(stepped_up(doctor))
    session = logged_in(doctor).token.text
    with pytest.raises(StepUpNeeded):
        staffing.reset_credential(by(manager), doctor)
    with pytest.raises(Forbidden):
        staffing.reset_credential(stepped_up(a_manager()), doctor)
    staffing.reset_credential(stepped_up(manager), doctor)
    assert staffing.credential(by(doctor)) is None
    assert db.session.query(staffing.RecoveryCode).count() == 0
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, session)


def test_old_counts_are_forgotten(app: Flask) -> None:
    with pytest.raises(LoginRefused):
        log_in("nobody.here", ANOTHER)
    assert staffing.forget_lockouts(lockouts.real_time() - timedelta(days=1)) == 0
    assert staffing.forget_lockouts(lockouts.real_time() + timedelta(seconds=1)) == 1
    an_account()


def test_a_right_guess_of_the_current_password_waits_for_those_before_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both had passed the first look before either was counted."""
    nurse = a_member_of_staff(Role.NURSE)
    with_access(nurse, secret=None)
    ctx = by(nurse)
    db.session.commit()
    monkeypatch.setattr(lockouts, "require_open", lambda _counted: None)
    with pytest.raises(PasswordRefused):
        staffing.set_password(ctx, "zhou.wen", ANOTHER, "not this one")
    db.session.commit()
    with pytest.raises(Shut):
        staffing.set_password(ctx, "zhou.wen", ANOTHER, PASSWORD)


def test_whoever_is_kept_waiting_by_strangers_comes_in_by_a_code_in_wechat(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    own = with_access(doctor)
    for _ in range(11):
        with pytest.raises(LoginRefused):
            log_in("zhou.wen", ANOTHER)
        let_pass()
    with pytest.raises(LoginRefused):
        log_in("zhou.wen", ANOTHER)
    with pytest.raises(Shut, match="我的工作账号"):
        log_in("zhou.wen", PASSWORD, code_of(own))
    db.session.rollback()
    staffing.step_up(by(doctor), code_of(own))
    own.totp_step = None
    assert log_in("zhou.wen", PASSWORD, code_of(own))
