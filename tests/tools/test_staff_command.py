"""The operator's command: an invitation, printed once."""

import re
from pathlib import Path

from commands import Done, manage
from conftest import MORNING, environment
from contract_builders import a_centre
from staffing_builders import joined

from backend.assembly import assemble, release
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings


def command(url: str, folder: Path, *arguments: str) -> Done:
    return manage("staff", *arguments, settings=environment(url, folder))


def test_the_first_manager_is_invited_once(own_database: str, tmp_path: Path) -> None:
    settings = Settings.from_env(environment(own_database, tmp_path))
    app = assemble(settings, FixedClock(MORNING))
    who = ("first-manager", "--institution", "示例中心医院", "--name", "许明朗")
    with app.app_context():
        with transaction():
            a_centre(name="示例中心医院")
        unknown = command(own_database, tmp_path, *who[:2], "别处", *who[3:])
        assert (unknown.returncode, unknown.stdout) == (1, "")
        told = command(own_database, tmp_path, *who)
        assert told.returncode == 0, told.stderr
        code = re.search(r"^page   pages/work/join\?invitation=(\S{43})$", told.stdout, re.M)
        assert code
        again = command(own_database, tmp_path, *who)
        assert again.returncode == 1
        assert "已有管理员" in again.stderr
        with transaction():
            assert joined(code[1]).role is Role.CONSORTIUM_MANAGER
        db.session.remove()
    release(app)


def test_an_auditor_is_appointed_rebound_reset_and_dismissed_by_the_operator(
    own_database: str, tmp_path: Path
) -> None:
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    who = ("--institution", "示例中心医院", "--name", "沈明鉴")
    with app.app_context():
        with transaction():
            a_centre(name="示例中心医院")
        told = command(own_database, tmp_path, "auditor", *who)
        code = re.search(r"^code   (\S+)$", told.stdout, re.M)
        assert code, told.stderr
        with transaction():
            auditor = joined(code[1])
            assert auditor.role is Role.AUDITOR
        for act, answer in (("rebind", "page "), ("reset", "reset "), ("depart", "left ")):
            told = command(own_database, tmp_path, act, *who)
            assert (told.returncode, told.stdout.startswith(answer)) == (0, True), told.stderr
        again = command(own_database, tmp_path, "depart", *who)
        assert (again.returncode, "0 名" in again.stderr) == (1, True)
        db.session.remove()
    release(app)
