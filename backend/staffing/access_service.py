"""What staff do about their own access: password, second factor, log-in on the web, step-up."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from backend import identity
from backend.kernel.clock import real_time
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, Refusal
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_anyone, by_staff, permitted, require_step_up
from backend.kernel.transaction import attempt, outside
from backend.staffing import codes, lockouts, passwords, policy, queries
from backend.staffing.errors import (
    CodeRefused,
    LoginRefused,
    LoginTaken,
    PasswordExpired,
    PasswordRefused,
    SecondFactorNeeded,
)
from backend.staffing.events import (
    AccessRefused,
    CredentialReset,
    PasswordSet,
    SecondFactorEnrolled,
    SteppedUp,
)
from backend.staffing.models import Credential, Lockout, RecoveryCode

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{3,31}")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new TOTP secret for an authenticator app, as text, address and picture; shown once."""

    secret: str
    uri: str
    svg: str


@admitted(by_anyone)
def log_in_web(
    ctx: Context,
    login: str,
    password: str,
    code: str | None = None,
    *,
    new_password: str | None = None,
    device: str | None = None,
) -> identity.LoggedIn:
    """Log in by name, password and the code of the second factor.

    Whatever does not fit, the answer is `LoginRefused` and takes as long; raises `Shut` while one
    has to wait after failures, `PasswordExpired` where all was right but `new_password` is needed.
    """
    name = login.strip().lower()
    counted = lockouts.key(lockouts.LOGIN, name)
    lockouts.require_open(counted)
    known = queries.credential_called(name)
    kept = known.password_hash if known else None
    with outside():
        right = passwords.matches(kept, password)
        renewed = passwords.hashed(new_password) if new_password is not None else None

    count = lockouts.hold(counted)
    found = queries.credential_called(name)
    if found is not None:
        found = queries.hold_credential(found.id)
    if found is None or not right or found.password_hash != kept or not _second(ctx, found, code):
        _refuse(ctx, count, found, LoginRefused())
    lockouts.require_passed(count)
    lockouts.reset(count)
    if new_password == password:
        raise Invalid(faults=[Fault("/new_password", "新密码不能和原来的一样")])
    _renew(ctx, found, new_password, renewed)
    return identity.begin_session(
        ctx, identity.Holder.STAFF, found.staff_id, door=identity.Door.WEB, device=device
    )


@admitted(by_staff)
def set_password(ctx: Context, login: str, password: str, current: str | None = None) -> Credential:
    """Set or change name and password; sessions elsewhere end.

    A change asks the `current` password, or a step-up. Raises `Invalid`, `PasswordRefused`, `Shut`,
    `LoginTaken`.
    """
    name = _login_name(login)
    _require_sound(ctx, ctx.actor.id, name, password, "/password")
    before = queries.credential(ctx)
    kept = before.password_hash if before else None
    counted = lockouts.key(lockouts.PASSWORD, ctx.actor.id)
    lockouts.require_open(counted)
    with outside():
        right = current is not None and passwords.matches(kept, current)
        made = passwords.hashed(password)
    if kept is not None:
        _require_current(ctx, counted, current, right=right)
    credential = _written(ctx, name, made)
    _end_elsewhere(ctx)
    record(ctx, PasswordSet(ctx.actor.id))
    return credential


@admitted(by_staff)
def begin_second_factor(ctx: Context) -> Enrolment:
    """Make a new TOTP secret; it counts only after `confirm_second_factor`.

    Raises `SecondFactorNeeded` without name and password, `StepUpNeeded` where one is enrolled.
    """
    credential = _own(ctx)
    if credential.has_second_factor:
        require_step_up(ctx)
    secret = codes.new_secret()
    credential.new_totp = secret
    address = codes.uri(secret, credential.login)
    return Enrolment(secret, address, codes.svg(address))


@admitted(by_staff)
def confirm_second_factor(ctx: Context, code: str) -> list[str]:
    """Prove by a code that the new secret was taken over; returns new recovery codes.

    Raises `CodeRefused`, `Shut`. Sessions elsewhere end.
    """
    counted = lockouts.key(lockouts.CODE, ctx.actor.id)
    lockouts.require_open(counted)
    count, credential = lockouts.hold(counted), _own(ctx)
    lockouts.require_passed(count)
    secret = credential.new_totp
    step = codes.matching_step(secret, code, real_time().timestamp()) if secret else None
    if step is None:
        _refuse(ctx, count, credential, CodeRefused())
    lockouts.reset(count)
    credential.totp, credential.new_totp = secret, None
    credential.totp_since, credential.totp_step = ctx.at, step
    _end_elsewhere(ctx)
    record(ctx, SecondFactorEnrolled(ctx.actor.id))
    return _recovery_codes(credential)


@admitted(by_staff)
def renew_recovery_codes(ctx: Context) -> list[str]:
    """New recovery codes; the old ones count no more. Needs a step-up."""
    require_step_up(ctx)
    return _recovery_codes(_own(ctx))


@admitted(by_staff)
def step_up(ctx: Context, code: str) -> None:
    """Give the second factor once more, for what needs it within ten minutes.

    What failed under the own login name is forgotten: strangers keep nobody out for long.
    Raises `SecondFactorNeeded`, `CodeRefused`, `Shut`.
    """
    counted = lockouts.key(lockouts.CODE, ctx.actor.id)
    lockouts.require_open(counted)
    count, entering, credential = lockouts.hold(counted), _hold_entering(ctx), _own(ctx)
    if not credential.has_second_factor:
        raise SecondFactorNeeded
    lockouts.require_passed(count)
    if not _code_counts(credential, code):
        _refuse(ctx, count, credential, CodeRefused())
    lockouts.reset(count)
    lockouts.reset(entering)
    identity.step_up(ctx)
    record(ctx, SteppedUp(ctx.actor.id))


@permitted(policy.decides_about)
def reset_credential(ctx: Context, person: identity.Staff) -> None:
    """Take name, password and second factor away, and end every session; needs a step-up."""
    require_step_up(ctx)
    db.session.execute(delete(Credential).where(Credential.staff_id == person.id))
    identity.end_all_sessions(ctx, identity.Ending.CREDENTIALS_CHANGED, staff_id=person.id)
    record(ctx, CredentialReset(person.id))


def _second(ctx: Context, credential: Credential, code: str | None) -> bool:
    """Whether the person still works here, and the second factor is right where it is asked."""
    person = identity.staff(ctx, [credential.staff_id])[credential.staff_id]
    if not person.works(ctx.at):
        return False
    if not credential.has_second_factor:
        return not queries.policy_of(ctx).asks_second_factor(person.role)
    return code is not None and _code_counts(credential, code)


def _code_counts(credential: Credential, code: str) -> bool:
    """Whether a code of the app or a recovery code is right; then it is spent."""
    now, secret = real_time().timestamp(), credential.totp or ""
    step = codes.matching_step(secret, code, now, after=credential.totp_step)
    if step is not None:
        credential.totp_step = step
        return True
    spent = (
        update(RecoveryCode)
        .where(RecoveryCode.credential_id == credential.id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.digest == codes.digest(code, queries.RECOVERY))
        .values(used_at=real_time())
        .returning(RecoveryCode.id)
    )
    return db.session.execute(spent).first() is not None


def _refuse(
    ctx: Context, count: Lockout, credential: Credential | None, refusal: Refusal
) -> NoReturn:
    """Count a wrong guess; the refusal keeps what was counted."""
    lockouts.fail(count)
    record(ctx, AccessRefused(credential.staff_id if credential else None, count.failures))
    raise refusal


def _renew(ctx: Context, credential: Credential, new: str | None, made: str | None) -> None:
    """Take the new password where one was given; without one an old password is not enough."""
    if new is not None and made is not None:
        _require_sound(ctx, credential.staff_id, credential.login, new, "/new_password")
        credential.password_hash, credential.password_set_on = made, ctx.today
        record(ctx, PasswordSet(credential.staff_id))
        return
    days = queries.policy_of(ctx).password_days
    if days and credential.password_set_on + timedelta(days=days) <= ctx.today:
        raise PasswordExpired


def _require_sound(ctx: Context, staff_id: UUID, name: str, password: str, pointer: str) -> None:
    own = identity.staff(ctx, [staff_id])[staff_id].name
    found = passwords.faults(password, queries.policy_of(ctx), name, own)
    if found:
        raise Invalid(faults=[Fault(pointer, words) for words in found])


def _login_name(text: str) -> str:
    name = text.strip().lower()
    if not LOGIN.fullmatch(name):
        words = "登录名应为 4 到 32 个英文字母、数字或 . _ -，以字母或数字开头"
        raise Invalid(faults=[Fault("/login", words)])
    return name


def _require_current(ctx: Context, counted: bytes, current: str | None, *, right: bool) -> None:
    if current is None:
        require_step_up(ctx)
        return
    count = lockouts.hold(counted)
    if not right:
        _refuse(ctx, count, queries.credential(ctx), PasswordRefused())
    lockouts.require_passed(count)
    lockouts.reset(count)


def _written(ctx: Context, name: str, made: str) -> Credential:
    credential = queries.credential(ctx) or Credential(staff_id=ctx.actor.id)
    try:
        with attempt():
            credential.login, credential.password_hash = name, made
            credential.password_set_on = ctx.today
            db.session.add(credential)
    except IntegrityError as twice:
        raise LoginTaken from twice
    return credential


def _own(ctx: Context) -> Credential:
    credential = queries.credential(ctx)
    if credential is None:
        raise SecondFactorNeeded
    return queries.hold_credential(credential.id)


def _hold_entering(ctx: Context) -> Lockout:
    """What failed under the own login name, locked before the credential as a log-in does."""
    known = queries.credential(ctx)
    if known is None:
        raise SecondFactorNeeded
    return lockouts.hold(lockouts.key(lockouts.LOGIN, known.login))


def _end_elsewhere(ctx: Context) -> None:
    ending = identity.Ending.CREDENTIALS_CHANGED
    identity.end_all_sessions(ctx, ending, staff_id=ctx.actor.id, but=ctx.actor.session)


def _recovery_codes(credential: Credential) -> list[str]:
    """Ten codes, each for one use; told once."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.credential_id == credential.id))
    made = [codes.short_code() for _ in range(codes.RECOVERY_CODES)]
    kept = [codes.digest(code, queries.RECOVERY) for code in made]
    db.session.add_all(RecoveryCode(credential_id=credential.id, digest=one) for one in kept)
    return made
