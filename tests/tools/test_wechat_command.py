"""`manage.py wechat` as an operator runs it: JSON lines, and a status that a script can ask."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import environment
from simulators import SEND, Simulator

from backend.messaging import catalogue
from config.settings import ROOT
from tools import wechat as command


class Office:
    """An operator at a machine of the deployment; the command runs in this process."""

    def __init__(
        self,
        address: str,
        wechat: Simulator,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        folder: Path,
    ) -> None:
        self.wechat, self._capsys = wechat, capsys
        self.settings = environment(address, folder, wechat.base) | {"REDIS_URL": ""}
        for name, value in self.settings.items():
            monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        status = command.main(arguments)
        return status, [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def office(
    own_database: str,
    wechat_process: Simulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Office:
    wechat_process.reset()
    return Office(own_database, wechat_process, capsys, monkeypatch, tmp_path)


def test_check_says_what_differs_and_what_to_do(office: Office) -> None:
    status, lines = office("check")
    assert (status, lines[-1]) == (1, {"templates": 6, "differences": 6})
    assert {line["problem"] for line in lines[:-1]} == {"missing"}
    assert all("config/messages.toml" in line["advice"] for line in lines[:-1])
    for own in catalogue().template.values():
        facts = {"id": own.id, "title": own.title, "fields": dict(own.fields)}
        office.wechat.control("POST", "templates", facts)
    assert office("check") == (0, [{"templates": 6, "differences": 0}])


def test_quota_is_shown_and_cleared(office: Office) -> None:
    office.wechat.control("POST", "limits", {"daily_sends": 3})
    office.wechat.send(office.wechat.user(grants=1))
    numbers = {"path": SEND, "daily_limit": 3, "used": 1, "remain": 2}
    assert office("quota") == (0, [numbers])
    assert office("quota", "--clear") == (0, [numbers | {"used": 0, "remain": 3}])
    office.wechat.control("POST", "limits", {"daily_sends": 10_000_000})
    status, lines = office("quota", "--path", "/nowhere")
    assert (status, lines[0]["refused"]) == (1, 76021)


def test_a_refusal_is_looked_up(office: Office) -> None:
    rid = office.wechat.send("nobody")["errmsg"].rpartition("rid: ")[2]
    status, lines = office("rid", rid)
    assert (status, lines[0]["request_url"]) == (0, SEND)
    status, lines = office("rid", "1-2-3")
    assert (status, lines[0]["refused"], lines[1]["follows"]) == (1, 76001, "permanent")


def test_the_token_is_there_or_its_refusal_is_explained(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.wechat.control("POST", "whitelist", {"ips": ["10.0.0.1"]})
    status, lines = office("token")
    assert (status, lines[0]) == (1, {"unavailable": True, "token_refused_with": 40164})
    assert "白名单" in lines[1]["advice"]
    office.wechat.reset()
    monkeypatch.setenv("WECHAT_APPID", "wx-another")
    status, lines = office("token", "--force")
    assert (status, lines[0]["token_refused_with"]) == (1, 40013)


def test_a_forced_token_is_another_one_and_never_shown(office: Office) -> None:
    old = office.wechat.token()
    assert office("token", "--force") == (0, [{"token": "there", "forced": True}])
    assert office.wechat.call("GET", "/wxaapi/newtmpl/getcategory", access_token=old)["errcode"]


def test_a_wechat_that_is_away_and_a_missing_setting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WECHAT_BASE_URL", "http://127.0.0.1:9")
    status, lines = office("check")
    assert (status, lines[0]) == (1, {"unavailable": True, "token_refused_with": None})
    monkeypatch.delenv("WECHAT_SECRET")
    assert office("check") == (2, [])


@pytest.mark.full
def test_it_is_a_command_of_the_project(office: Office) -> None:
    asked = [sys.executable, "-m", "tools.cli", "wechat", "quota"]
    done = subprocess.run(asked, cwd=ROOT, env=dict(os.environ), capture_output=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["path"]) == (0, SEND)
