"""Managers, invitations and web access of the tests."""

import time
from dataclasses import replace
from functools import cache

from contract_builders import a_centre
from people import a_member_of_staff, by

from backend import identity, network, staffing
from backend.kernel import entry
from backend.kernel.clock import real_time
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.staffing import codes
from backend.staffing.joining import join

PASSWORD = "Camphor-tree 41"
ANOTHER = "Willow-lake 1873"


def a_consortium(*names: str) -> list[network.Institution]:
    """Two houses that work as one, unless more are named."""
    consortium = network.Consortium(name=f"示例医共体{time.monotonic_ns()}")
    db.session.add(consortium)
    db.session.flush()
    return [a_centre(name=name, consortium_id=consortium.id) for name in names or ("", "")]


def a_manager(
    house: network.Institution | None = None, role: Role = Role.MANAGER
) -> identity.Staff:
    """Somebody who manages this house, or its consortium."""
    return a_member_of_staff(role, "许明朗", (house or a_centre()).id, "管理员")


def stepped_up(person: identity.Staff) -> Context:
    """The context of somebody who gave the second factor a moment ago."""
    ctx = by(person)
    return replace(ctx, actor=replace(ctx.actor, stepped_up_at=real_time()))


def a_post(
    house: network.Institution, role: Role = Role.NURSE, name: str = "俞小满"
) -> staffing.Post:
    """What somebody is invited to be."""
    return staffing.Post(name=name, role=role, title="主管护师", institution_id=house.id)


def an_invitation(role: Role = Role.NURSE) -> staffing.Offer:
    """A consortium manager invites somebody."""
    (house,) = a_consortium("")
    return staffing.invite(
        stepped_up(a_manager(house, Role.CONSORTIUM_MANAGER)), a_post(house, role)
    )


def joined(code: str, openid: str = "o-newcomer") -> identity.Staff:
    """Somebody accepts in WeChat, as this openid."""
    return join(entry.now(), code, openid)


@cache
def _hash(password: str) -> str:
    return staffing.hashed(password)


def with_access(
    person: identity.Staff,
    login: str = "zhou.wen",
    *,
    secret: str | None = "",
    password: str = PASSWORD,
) -> staffing.Credential:
    """This person has a password, and a second factor unless `secret` is None."""
    own = staffing.Credential(
        staff_id=person.id,
        login=login,
        password_hash=_hash(password),
        password_set_on=entry.now().today,
    )
    if secret is not None:
        own.totp, own.totp_since = secret or codes.new_secret(), entry.moment()
    db.session.add(own)
    db.session.flush()
    return own


def code_of(own: staffing.Credential, late: int = 0) -> str:
    """What the person's app shows, or showed so many steps before."""
    assert own.totp
    return codes.code_at(own.totp, codes.step_of(time.time()) + late)


def wrong_code(own: staffing.Credential) -> str:
    """Six digits that the app does not show in any step of the window."""
    near = {code_of(own, late) for late in range(-2, 3)}
    return next(code for n in range(10) if (code := f"{n:06d}") not in near)
