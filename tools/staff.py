"""`manage.py staff`: the posts nobody inside can offer, and what no manager decides."""

import argparse
import os
import sys
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from backend import identity, network, staffing
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from config.settings import Settings, SettingsError
from miniapp_api.manager.staff_invitations import PAGE


def main(arguments: Sequence[str]) -> int:
    """Do it and print what came of it; the status is 1 where it was refused."""
    asked = _parser().parse_args(arguments)
    try:
        app = assemble(Settings.from_env(os.environ))
    except SettingsError as wrong:
        print(f"manage.py staff: {wrong}", file=sys.stderr)
        return 2
    try:
        with app.app_context():
            return _done(asked)
    finally:
        release(app)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py staff")
    commands = parser.add_subparsers(required=True)
    for name, act, words in (
        ("first-manager", first_manager, "invite the first manager of a house"),
        ("auditor", auditor, "invite an auditor of a house's consortium"),
        ("rebind", rebind, "let an auditor or manager bind another WeChat account"),
        ("reset", reset, "take an auditor's or manager's password and second factor away"),
        ("depart", depart, "end an auditor's or manager's work, now"),
    ):
        command = commands.add_parser(name, help=words)
        command.set_defaults(act=act)
        command.add_argument("--institution", required=True, help="its name, as it is kept")
        command.add_argument("--name", required=True, help="the person's name")
        if act is first_manager:
            roles = [str(Role.CONSORTIUM_MANAGER), str(Role.MANAGER)]
            command.add_argument("--role", choices=roles, default=roles[0])
    return parser


def _done(asked: argparse.Namespace) -> int:
    try:
        with transaction():
            told: str = asked.act(entry.now(), asked)
    except Refusal as refusal:
        print(f"manage.py staff: {refusal.detail}", file=sys.stderr)
        return 1
    print(told)
    return 0


def first_manager(ctx: Context, asked: argparse.Namespace) -> str:
    """The invitation, told once."""
    post = staffing.Post(asked.name, Role(asked.role), "管理员", _house(asked))
    return _offered(staffing.invite_first(ctx, post))


def auditor(ctx: Context, asked: argparse.Namespace) -> str:
    """The invitation, told once."""
    post = staffing.Post(asked.name, Role.AUDITOR, "审计员", _house(asked))
    return _offered(staffing.invite_first(ctx, post))


def rebind(ctx: Context, asked: argparse.Namespace) -> str:
    """The invitation, told once."""
    return _offered(staffing.invite_again(ctx, _person(ctx, asked)))


def reset(ctx: Context, asked: argparse.Namespace) -> str:
    """Whose password and second factor are gone."""
    person = _person(ctx, asked)
    staffing.reset_credential(ctx, person)
    return f"reset  {person.id}"


def depart(ctx: Context, asked: argparse.Namespace) -> str:
    """Whose work here has ended."""
    person = _person(ctx, asked)
    staffing.depart(ctx, person)
    return f"left   {person.id}"


def _offered(offer: staffing.Offer) -> str:
    until = offer.invitation.expires_at.isoformat(timespec="minutes")
    return f"page   {PAGE}{offer.link_code}\ncode   {offer.code}\nuntil  {until}"


def _house(asked: argparse.Namespace) -> UUID:
    named = select(network.Institution.id).where(network.Institution.name == asked.institution)
    house = db.session.execute(named).scalar_one_or_none()
    if house is None:
        raise Refusal(f"没有名为“{asked.institution}”的机构。")
    return house


def _person(ctx: Context, asked: argparse.Namespace) -> identity.Staff:
    here = (identity.Staff.institution_id == _house(asked), identity.Staff.name == asked.name)
    named = select(identity.Staff).where(*here, identity.Staff.working(ctx.at)).with_for_update()
    found = db.session.execute(named).scalars().all()
    if len(found) != 1:
        raise Refusal(
            f"{asked.institution}名为“{asked.name}”的在职人员有 {len(found)} 名，应为一名。"
        )
    return found[0]
