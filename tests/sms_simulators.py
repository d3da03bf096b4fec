"""An SMS simulator in a process of its own, and short ways to speak to it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2

from config.settings import ROOT
from config.sms_settings import SmsSettings

SECRET_ID, SECRET_KEY, APP_ID, SIGN = "AKIDTEST", "a-secret-key", "1400006666", "家医示例"
CALLBACK_SECRET = "receipts-come-here-and-only-here"


def account(base: str = "http://127.0.0.1:9") -> dict[str, str]:
    """The settings of who may send; nobody answers unless it is said where."""
    return {
        "SMS_BASE_URL": base,
        "SMS_SECRET_ID": SECRET_ID,
        "SMS_SECRET_KEY": SECRET_KEY,
        "SMS_APP_ID": APP_ID,
        "SMS_SIGN": SIGN,
        "SMS_CALLBACK_SECRET": CALLBACK_SECRET,
    }


class SmsSimulator:
    """One running process; `control` pulls the strings."""

    NAMES = ("SMS_SECRET_ID", "SMS_SECRET_KEY", "SMS_APP_ID", "SMS_SIGN", "SMS_CALLBACK_SECRET")

    def __init__(self, ledger: Path, *options: str) -> None:
        command = [sys.executable, "-m", "tools.sms_simulator", "--port", "0", "--child"]
        command += ["--ledger", str(ledger), "--secret-id", SECRET_ID, "--secret-key", SECRET_KEY]
        command += ["--app-id", APP_ID, "--sign", SIGN]
        command += ["--texts", str(ROOT / "config" / "sms.toml"), *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.base = self.process.stdout.readline().split()[-1].rstrip("/")
        self.http = httpx2.Client(base_url=self.base, timeout=5)

    def stop(self) -> None:
        """End the process."""
        self.http.close()
        self.process.terminate()
        self.process.wait(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control call that must succeed."""
        answer = self.http.request(method, f"/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def environment(self) -> dict[str, str]:
        """The settings of a process that sends here."""
        return account(self.base)

    def settings(self, **changes: str) -> SmsSettings:
        """The same, as a gateway takes them."""
        found = SmsSettings.from_env(self.environment() | changes)
        assert found is not None
        return found

    def texts(self) -> list[dict[str, Any]]:
        """What was delivered."""
        return list(self.control("GET", "texts")["texts"])

    def fault(self, kind: str, **more: Any) -> None:
        """Arm one fault."""
        self.control("POST", "faults", {"kind": kind, **more})
