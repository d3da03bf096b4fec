"""People of the story, and what they hear when they ask."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

TIMEOUT = httpx2.Timeout(20.0)


@dataclass(frozen=True)
class Answer:
    """Status and content; a refusal's words are its Chinese title and detail."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What a person reads when it is a refusal."""
        if isinstance(self.body, dict) and "detail" in self.body:
            return f"{self.status} {self.body.get('title')}：{self.body['detail']}"
        return str(self.status)

    @property
    def code(self) -> str:
        """The stable end of a problem's type; empty where it is none."""
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return str(kind).rpartition(":")[2]

    @property
    def pointers(self) -> list[str]:
        """The fields at fault."""
        faults = self.body.get("errors", []) if isinstance(self.body, dict) else []
        return [str(fault["pointer"]) for fault in faults]

    def __getitem__(self, key: str) -> Any:
        return self.body[key]


class Server:
    """One of the two servers that the story speaks to: the API, or the simulator."""

    def __init__(self, address: str) -> None:
        self.http = httpx2.Client(base_url=address, timeout=TIMEOUT, trust_env=False)

    def close(self) -> None:
        """End the connections."""
        self.http.close()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask once; creations carry a key of their own, as the mini-program's do."""
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        answer = self.http.request(method, path, json=body, headers=headers)
        told = json.loads(answer.content) if answer.content else None
        return Answer(answer.status_code, told, answer.headers)


class Person:
    """Somebody with a phone."""

    def __init__(self, api: Server, simulator: Server, openid: str, name: str, door: str) -> None:
        self.api, self.simulator = api, simulator
        self.openid, self.name, self.door = openid, name, door
        self.token = self.person = ""

    def log_in(self) -> Answer:
        """Open the mini-program: a code from WeChat becomes a token."""
        code = self.simulator.ask("POST", "/_sim/codes", {"openid": self.openid})["code"]
        answer = self.api.ask("POST", f"/api/v1/open/{self.door}-sessions", {"code": code})
        self.token = answer["access_token"] if answer.status == 201 else ""
        self.recall()
        return answer

    def recall(self) -> None:
        """Know for whom to ask from now on: oneself, once verified."""
        if self.token and self.door == "resident":
            self.person = self.get("/resident/me")["resident_id"] or ""

    def phone_code(self) -> str:
        """What the phone-number button gives."""
        code = self.simulator.ask("POST", "/_sim/phone-codes", {"openid": self.openid})["code"]
        return str(code)

    def agree_to(self, templates: list[str], times: int = 1) -> Answer:
        """Accept the subscription popup for these message templates so often; report the last."""
        given = {"openid": self.openid, "template_ids": templates, "times": times}
        results = self.simulator.ask("POST", "/_sim/popups", given).body
        report = {"report_id": str(uuid.uuid4()), "results": results}
        audience = "resident" if self.door == "resident" else "doctor"
        return self.post(f"/{audience}/subscriptions", report)

    def received(self, template: str | None = None) -> list[dict[str, Any]]:
        """What WeChat delivered to this person, in order."""
        more = f"&template_id={template}" if template else ""
        found = self.simulator.ask("GET", f"/_sim/ledger?openid={self.openid}{more}")
        return list(found["messages"])

    def get(self, path: str) -> Answer:
        """Read something."""
        return self._ask("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        """Do something."""
        return self._ask("POST", path, body)

    def put(self, path: str, body: Any = None) -> Answer:
        """Set something."""
        return self._ask("PUT", path, body)

    def delete(self, path: str) -> Answer:
        """Take something back."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        signed = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.person:
            signed["Jiayi-Person"] = self.person
        return self.api.ask(method, f"/api/v1{path}", body, **signed)
