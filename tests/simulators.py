"""A simulator in a process of its own, and short ways to speak to it."""

import json
import subprocess
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]
APPID, SECRET, KEY = "wxtest0123456789", "a-secret", "a-realname-key"
CALLBACK_TOKEN, CALLBACK_KEY = "AAAAA", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TID = "TPL-FOLLOWUP"
TEMPLATE = {
    "id": TID,
    "title": "随访提醒",
    "fields": {"thing1": "随访项目", "time2": "时间"},
}
DATA = {"thing1": {"value": "高血压随访"}, "time2": {"value": "2026年12月01日 09:00"}}
SEND = "/cgi-bin/message/subscribe/send"


class Simulator:
    """One running process; `call` speaks the platform's protocol, `control` pulls the strings."""

    def __init__(self, ledger: Path, *options: str) -> None:
        self.ledger = ledger
        command = [sys.executable, "-m", "tools.wechat_simulator", "--port", "0", "--child"]
        command += ["--ledger", str(ledger), "--appid", APPID, "--secret", SECRET]
        command += ["--realname-key", KEY, *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.base = self.process.stdout.readline().split()[-1].rstrip("/")
        self.http = httpx2.Client(base_url=self.base, timeout=5)
        self._token = ""

    def stop(self, *, hard: bool = False) -> None:
        """End the process, politely or not."""
        self.http.close()
        self.process.kill() if hard else self.process.terminate()
        self.process.wait(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control call that must succeed."""
        answer = self.http.request(method, f"/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self) -> None:
        """As if it had just been started for the first time."""
        self.control("POST", "reset")
        self._token = ""
        self.control("POST", "templates", TEMPLATE)

    def move_to_morning(self) -> None:
        """To six o'clock sharp of the next morning, away from the edges of minutes and days."""
        now = datetime.fromisoformat(self.control("POST", "clock", {"seconds": 0})["now"])
        morning = datetime.combine(now.date() + timedelta(days=1), time(6), now.tzinfo)
        self.control("POST", "clock", {"seconds": (morning - now).total_seconds()})

    def token(self) -> str:
        """The stable token."""
        if not self._token:
            self._token = self.stable()["access_token"]
        return self._token

    def forget_token(self) -> None:
        """It has expired."""
        self._token = ""

    def stable(self, **changes: Any) -> dict[str, Any]:
        """Ask for the stable token."""
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        return self.call("POST", "/cgi-bin/stable_token", body | changes)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """One call of the protocol; business refusals come with status 200 as well."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        answer = self.http.request(method, path, params=query, content=content)
        assert answer.status_code == 200
        return dict(answer.json())

    def login(self, code: str) -> dict[str, Any]:
        """code2Session."""
        query = {"appid": APPID, "secret": SECRET, "js_code": code}
        return self.call("GET", "/sns/jscode2session", **query, grant_type="authorization_code")

    def user(self, openid: str = "a-user", grants: int = 0, **properties: Any) -> str:
        """A WeChat user who agreed to so many messages."""
        self.control("POST", "users", {"openid": openid, **properties})
        if grants:
            popup = {"openid": openid, "template_ids": [TID], "answer": "accept", "times": grants}
            self.control("POST", "popups", popup)
        return openid

    def code(self, openid: str, kind: str = "codes") -> str:
        """A login code, or a phone code."""
        return str(self.control("POST", kind, {"openid": openid})["code"])

    def message(self, openid: str, **changes: Any) -> dict[str, Any]:
        """The body of one send."""
        states = {"miniprogram_state": "formal", "lang": "zh_CN"}
        page = "pages/followup/detail?id=42"
        body = {"touser": openid, "template_id": TID, "page": page, "data": DATA, **states}
        return body | changes

    def send(self, openid: str, **changes: Any) -> dict[str, Any]:
        """Send one subscription message."""
        body = self.message(openid, **changes)
        return self.call("POST", SEND, body, access_token=self.token())

    def fault(self, kind: str, path: str = SEND, **more: Any) -> None:
        """Arm one fault."""
        self.control("POST", "faults", {"path": path, "kind": kind, "times": 1, **more})

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        """What was delivered."""
        return list(self.control("GET", f"ledger?{query}")["messages"])
