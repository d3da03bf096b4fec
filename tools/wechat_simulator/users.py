"""WeChat users, what they agreed to receive, and the persons the real-name provider knows."""

import base64
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .records import Records, encode

OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEPT = ("openid", "unionid", "phone", "name", "blocked", "muted")


@dataclass
class User:
    """`muted` is the main switch of the notification settings; `name` only labels the page."""

    openid: str
    unionid: str | None = None
    phone: str | None = None
    name: str | None = None
    blocked: bool = False
    muted: bool = False
    session_key: str = ""
    quota: dict[str, int] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As the control interface shows it; the session key stays inside."""
        return {key: getattr(self, key) for key in KEPT} | {"quota": self.quota}

    def new_session(self) -> str:
        """A fresh key at every login; the one before is void."""
        self.session_key = base64.b64encode(secrets.token_bytes(16)).decode()
        return self.session_key


class Users:
    """Every change is a line of the journal; the quota spent is told by the ledger."""

    def __init__(self, path: Path) -> None:
        self.journal = Records(path)
        self.by_openid: dict[str, User] = {}
        self.by_phone: dict[str, User] = {}
        self.persons: dict[str, str] = {}
        self.templates: dict[str, dict[str, Any]] = {}
        for line in self.journal.lines():
            self._apply(json.loads(line))

    def enrol(self, record: dict[str, Any]) -> User:
        """Get the user with this openid or phone, or make one; given properties are set."""
        found = self._known(record)
        openid = found.openid if found else record.get("openid") or secrets.token_urlsafe(21)
        if not OPENID.fullmatch(openid):
            raise ValueError("an openid has 1 to 64 letters, digits, '_' or '-'")
        changes = {key: record[key] for key in KEPT if key in record and key != "openid"}
        if found is None or any(getattr(found, key) != value for key, value in changes.items()):
            self._note({"user": {"openid": openid} | changes})
        return self.by_openid[openid]

    def _known(self, record: dict[str, Any]) -> User | None:
        if record.get("openid"):
            return self.by_openid.get(record["openid"])
        return self.by_phone.get(record.get("phone") or "")

    def grant(self, openid: str, template_ids: Iterable[str], times: int = 1) -> None:
        """Each accepted template may send so many messages more."""
        given = {"openid": openid, "template_ids": list(template_ids), "times": times}
        self._note({"grant": given})

    def withhold(self, openid: str, template_ids: Iterable[str]) -> None:
        """Nothing more of these may be sent."""
        self._note({"withhold": {"openid": openid, "template_ids": list(template_ids)}})

    def spend(self, openid: str, template_id: str) -> None:
        """One message was delivered; the ledger has it, so the journal need not."""
        user = self.by_openid.get(openid)
        if user is not None:
            user.quota[template_id] = max(0, user.quota.get(template_id, 0) - 1)

    def know(self, persons: list[dict[str, Any]]) -> None:
        """Persons by number, for the real-name provider."""
        pairs = [[str(one["id_number"]).upper(), str(one["name"])] for one in persons]
        self._note({"persons": pairs})

    def keep_template(self, record: dict[str, Any]) -> None:
        """A definition registered by a control call."""
        self._note({"template": record})

    def wipe(self) -> None:
        """Forget everybody."""
        self.journal.wipe()
        for book in (self.by_openid, self.by_phone, self.persons, self.templates):
            book.clear()

    def _note(self, entry: dict[str, Any]) -> None:
        self.journal.append(encode(entry))
        self._apply(entry)

    def _apply(self, entry: dict[str, Any]) -> None:
        match entry:
            case {"user": changes}:
                self._set(changes)
            case {"grant": {"openid": openid, "template_ids": ids, "times": times}}:
                quota = self.by_openid[openid].quota
                quota.update({one: quota.get(one, 0) + times for one in ids})
            case {"withhold": {"openid": openid, "template_ids": ids}}:
                self.by_openid[openid].quota.update(dict.fromkeys(ids, 0))
            case {"persons": pairs}:
                self.persons.update(pairs)
            case {"template": record}:
                self.templates[record["id"]] = record

    def _set(self, changes: dict[str, Any]) -> None:
        user = self.by_openid.setdefault(changes["openid"], User(changes["openid"]))
        if "phone" in changes:
            self.by_phone.pop(user.phone or "", None)
        for key, value in changes.items():
            setattr(user, key, value)
        if user.phone:
            self.by_phone[user.phone] = user
