"""Somebody new with a phone in the hand, against a server that speaks WeChat's protocol."""

from typing import Any

from people import Http, an_id_number
from simulators import Simulator
from sqlalchemy import select

from backend import identity
from backend.kernel.database import db

NAME, PHONE = "王桂芬", "13805721234"


class Visitor:
    """One WeChat user; the provider knows NAME and `number` unless told otherwise."""

    def __init__(
        self, http: Http, wechat: Simulator, openid: str = "visitor-1", phone: str = PHONE
    ) -> None:
        self.http, self.wechat, self.openid = http, wechat, wechat.user(openid, phone=phone)
        self.number = an_id_number()
        self.known(NAME, self.number)
        self.log_in()

    def log_in(self) -> None:
        """By WeChat, as the same user again."""
        code = {"code": self.wechat.code(self.openid)}
        self.session = self.http("POST", "/open/resident-sessions", json=code).json

    def known(self, name: str, number: str) -> None:
        """The real-name provider knows this person."""
        self.wechat.control("POST", "people", [{"name": name, "id_number": number}])

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        bearer = {"Authorization": f"Bearer {self.session['access_token']}"}
        return self.http(method, f"/resident/me{path}", json=json, headers=bearer)

    def give_phone(self) -> Any:
        return self.ask("PUT", "/phone", {"code": self.wechat.code(self.openid, "phone-codes")})

    def agree(self) -> Any:
        version = self.http("GET", "/open/consent-texts/health-data").json["version"]
        return self.ask("POST", "/consents", {"purpose": "health_data", "version": version})

    def verify(self, name: str = NAME, number: str | None = None) -> Any:
        given = {"name": name, "id_number": number or self.number}
        return self.ask("POST", "/verification", given)

    def verify_by(self, kind: str, number: str, **further: Any) -> Any:
        """With another document than an ID number alone."""
        country = further.pop("country", None)
        document = {"kind": kind, "number": number} | ({"country": country} if country else {})
        given = {"name": NAME, "document": document, **further}
        return self.ask("POST", "/verification", given)

    def ready(self) -> "Visitor":
        """With a phone and the consent."""
        self.give_phone()
        self.agree()
        return self

    def desk_code(self) -> str:
        return str(self.ask("POST", "/desk-codes").json["code"])

    @property
    def account(self) -> identity.Account:
        found = select(identity.Account).filter_by(openid=self.openid)
        return db.session.execute(found).scalar_one()


def kind(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json["type"].rpartition(":")[2]
