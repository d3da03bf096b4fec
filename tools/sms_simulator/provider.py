"""The provider's side: an account, approved texts, numbers with limits, and what was delivered."""

import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .faults import Faults
from .refusal import Refused

BEIJING = ZoneInfo("Asia/Shanghai")
NUMBER = re.compile(r"\+861[3-9]\d{9}")
LINK = re.compile(r"https?://|www\.|\w+\.(?:com|cn|net)\b", re.I)
MOST_NUMBERS, LONGEST_CONTEXT, LONGEST_TEXT = 200, 512, 500


@dataclass(frozen=True)
class Account:
    """Who may send: keys, the application, the approved signatures."""

    secret_id: str
    secret_key: str
    app_id: str
    signs: frozenset[str]


@dataclass
class Phone:
    """One number: `dead` and `off` get nothing, `refuses` is on the do-not-disturb list."""

    state: str = "fine"
    texts: list[dict[str, Any]] = field(default_factory=list)


class Provider:
    """Everything the simulator knows; the ledger alone outlives a kill."""

    def __init__(
        self, account: Account, ledger: Path, templates: Mapping[str, str], daily: int, letters: int
    ) -> None:
        self.account, self.path, self.given = account, ledger, dict(templates)
        self.given_daily, self.letters = daily, letters
        self.offset = 0.0
        self.reset_state()
        if ledger.exists():
            for line in ledger.read_text("utf-8").splitlines():
                self._remember(json.loads(line))
        self.file = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def reset_state(self) -> None:
        """As at the first start."""
        self.templates, self.daily = dict(self.given), self.given_daily
        self.phones: dict[str, Phone] = {}
        self.texts: list[dict[str, Any]] = []
        self.faults, self.latency = Faults(), 0.0
        self.calls: Counter[str] = Counter()

    def reset(self) -> None:
        """Forget everything, the ledger too."""
        self.reset_state()
        os.ftruncate(self.file, 0)

    def now(self) -> float:
        """The provider's clock, which a control call may move."""
        return time.time() + self.offset

    def local(self) -> datetime:
        """The wall clock in Beijing."""
        return datetime.fromtimestamp(self.now(), BEIJING)

    def phone(self, number: str) -> Phone:
        """A number, known from now on."""
        return self.phones.setdefault(number, Phone())

    def send(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """SendSms: one status for each number; raises `Refused` for the whole call."""
        numbers, context = self._checked(body)
        return [self._status(number, body, context) for number in numbers]

    def _checked(self, body: Mapping[str, Any]) -> tuple[list[str], str]:
        numbers, context = body.get("PhoneNumberSet"), body.get("SessionContext", "")
        if not isinstance(numbers, list) or not numbers:
            raise Refused("MissingParameter.EmptyPhoneNumberSet")
        if len(numbers) > MOST_NUMBERS:
            raise Refused("LimitExceeded.PhoneNumberCountLimit")
        if not isinstance(context, str) or len(context.encode()) >= LONGEST_CONTEXT:
            raise Refused("InvalidParameterValue")
        for name in ("SmsSdkAppId", "TemplateId"):
            if not body.get(name):
                raise Refused("MissingParameter")
        if body["SmsSdkAppId"] != self.account.app_id:
            raise Refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        return numbers, context

    def _status(self, number: str, body: Mapping[str, Any], context: str) -> dict[str, Any]:
        status = {"PhoneNumber": number, "SessionContext": context, "IsoCode": "CN"}
        try:
            text = self._words(number, body)
        except Refused as refused:
            self.calls[refused.code] += 1
            return status | _told(refused.code, refused.text) | {"SerialNo": "", "Fee": 0}
        serial = f"2640:{secrets.randbelow(10**30):030d}"
        self._deliver(number, body, text, serial, context)
        self.calls["Ok"] += 1
        return status | _told("Ok", "send success") | {"SerialNo": serial, "Fee": _parts(text)}

    def _words(self, number: str, body: Mapping[str, Any]) -> str:
        template, given = self.templates.get(body["TemplateId"]), body.get("TemplateParamSet", [])
        if not NUMBER.fullmatch(number):
            raise Refused("InvalidParameterValue.IncorrectPhoneNumber")
        if body.get("SignName") not in self.account.signs:
            raise Refused("FailedOperation.SignatureIncorrectOrUnapproved")
        if template is None:
            raise Refused("FailedOperation.TemplateUnapprovedOrNotExist")
        if len(set(re.findall(r"\{\d+\}", template))) != len(given):
            raise Refused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
        if any(len(param) > self.letters for param in given):
            raise Refused("InvalidParameterValue.TemplateParameterLengthLimit")
        if any(LINK.search(param) for param in given):
            raise Refused("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter")
        self._require_welcome(number)
        words = re.sub(r"\{(\d+)\}", lambda found: str(given[int(found[1]) - 1]), template)
        text = f"【{body['SignName']}】{words}"
        if len(text) > LONGEST_TEXT:
            raise Refused("InvalidParameterValue.ContentLengthLimit")
        return text

    def _require_welcome(self, number: str) -> None:
        phone, today = self.phone(number), self.local().date().isoformat()
        if phone.state == "refuses":
            raise Refused("FailedOperation.PhoneNumberInBlacklist")
        if sum(one["at"].startswith(today) for one in phone.texts) >= self.daily:
            raise Refused("LimitExceeded.PhoneNumberDailyLimit")

    def _deliver(
        self, number: str, body: Mapping[str, Any], text: str, serial: str, context: str
    ) -> None:
        line = {
            "seq": len(self.texts) + 1,
            "at": self.local().isoformat(timespec="milliseconds"),
            "phone": number,
            "template_id": body["TemplateId"],
            "params": body.get("TemplateParamSet", []),
            "text": text,
            "sid": serial,
            "session": context,
        }
        os.write(self.file, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._remember(line)

    def _remember(self, line: dict[str, Any]) -> None:
        self.texts.append(line)
        self.phone(line["phone"]).texts.append(line)


def _told(code: str, message: str) -> dict[str, str]:
    return {"Code": code, "Message": message}


def _parts(text: str) -> int:
    return 1 if len(text) <= 70 else -(-len(text) // 67)
