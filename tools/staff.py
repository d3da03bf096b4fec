"""`manage.py staff first-manager`: the one post that nobody inside can offer."""

import argparse
import os
import sys
from collections.abc import Sequence

from sqlalchemy import select

from backend import network, staffing
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from config.settings import Settings, SettingsError
from miniapp_api.manager.staff_invitations import PAGE


def main(arguments: Sequence[str]) -> int:
    """Print the invitation once; the status is 1 where it was refused."""
    asked = _parser().parse_args(arguments)
    try:
        app = assemble(Settings.from_env(os.environ))
    except SettingsError as wrong:
        print(f"manage.py staff: {wrong}", file=sys.stderr)
        return 2
    try:
        with app.app_context():
            return _first_manager(asked)
    finally:
        release(app)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py staff")
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("first-manager", help="invite the first manager of a house")
    first.add_argument("--institution", required=True, help="its name, as it is kept")
    first.add_argument("--name", required=True, help="the person's name")
    first.add_argument("--title", default="管理员")
    roles = [str(Role.CONSORTIUM_MANAGER), str(Role.MANAGER)]
    first.add_argument("--role", choices=roles, default=roles[0])
    return parser


def _first_manager(asked: argparse.Namespace) -> int:
    try:
        with transaction():
            offer = staffing.invite_first(entry.now(), _post(asked))
            until = offer.invitation.expires_at.isoformat(timespec="minutes")
    except Refusal as refusal:
        print(f"manage.py staff: {refusal.detail}", file=sys.stderr)
        return 1
    print(f"page   {PAGE}{offer.link_code}\ncode   {offer.code}\nuntil  {until}")
    return 0


def _post(asked: argparse.Namespace) -> staffing.Post:
    named = select(network.Institution.id).where(network.Institution.name == asked.institution)
    house = db.session.execute(named).scalar_one_or_none()
    if house is None:
        raise Refusal(f"没有名为“{asked.institution}”的机构。")
    return staffing.Post(asked.name, Role(asked.role), asked.title, house)
