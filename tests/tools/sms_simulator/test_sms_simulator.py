"""The SMS simulator by itself: signatures, what it keeps, its callbacks and its page."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from processes import eventually
from sms_simulators import SmsSimulator

from tools.sms_simulator import signature
from tools.sms_simulator.provider import Account, Provider
from tools.sms_simulator.refusal import Refused

# Made with tencentcloud-sdk-python-sms 3.1.153 (SmsClient.SendSms), its clock held.
STAMP, KEYS = 1795400000, {"AKIDEXAMPLEEXAMPLEEXAMPLE": "ExampleSecretKeyForTests"}
RAW = (
    rb'{"PhoneNumberSet": ["+8613900001111"], "SmsSdkAppId": "1400006666", "TemplateId": "1110", '
    rb'"SignName": "\u5609\u533b\u793a\u4f8b", "TemplateParamSet": ["12\u67081\u65e5", "09:00"], '
    rb'"SessionContext": "0192f6a0-0000-7000-8000-000000000001"}'
)
HEADERS = {
    "Authorization": (
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLEEXAMPLE/2026-11-23/sms/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=c69339525272143f9e8d2e399a3652629116b392424af843e452abbdc7cc4e80"
    ),
    "content-type": "application/json",
    "host": "sms.tencentcloudapi.com",
    "X-TC-Timestamp": str(STAMP),
}
PHONE = "+8613900001111"


def test_what_the_provider_s_own_sdk_signed_is_accepted() -> None:
    signature.check(HEADERS, RAW, KEYS, STAMP + 299)


@pytest.mark.parametrize(
    ("headers", "raw", "now", "code"),
    [
        ({}, RAW + b" ", STAMP, "AuthFailure.SignatureFailure"),
        ({"host": "elsewhere"}, RAW, STAMP, "AuthFailure.SignatureFailure"),
        ({"X-TC-Timestamp": str(STAMP + 1)}, RAW, STAMP, "AuthFailure.SignatureFailure"),
        ({}, RAW, STAMP + 301, "AuthFailure.SignatureExpire"),
        ({}, RAW, STAMP - 301, "AuthFailure.SignatureExpire"),
        ({"Authorization": "Basic x"}, RAW, STAMP, "AuthFailure.InvalidAuthorization"),
    ],
)
def test_anything_else_is_refused(
    headers: dict[str, str], raw: bytes, now: float, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        signature.check(HEADERS | headers, raw, KEYS, now)


def a_provider(folder: Path) -> Provider:
    account = Account("id", "key", "14", frozenset({"示例"}))
    return Provider(account, folder / "texts.jsonl", {"1": "您{1}有预约"}, 10, 6)


def body(**changes: Any) -> dict[str, Any]:
    told = {"SmsSdkAppId": "14", "SignName": "示例", "TemplateId": "1", "SessionContext": "c"}
    return {"PhoneNumberSet": [PHONE], "TemplateParamSet": ["今天"], **told, **changes}


def test_what_was_delivered_outlives_a_kill(tmp_path: Path) -> None:
    [status] = a_provider(tmp_path).send(body())
    [kept] = a_provider(tmp_path).phone(PHONE).texts
    assert (kept["sid"], kept["text"]) == (status["SerialNo"], "【示例】您今天有预约")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SignName": "别家"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        (
            {"TemplateParamSet": ["a.cn"]},
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        ),
        (
            {"TemplateParamSet": ["一二三四五六七"]},
            "InvalidParameterValue.TemplateParameterLengthLimit",
        ),
    ],
)
def test_one_number_is_refused_with_its_own_code(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    [status] = a_provider(tmp_path).send(body(**changes))
    assert (status["Code"], status["SerialNo"]) == (code, "")


def test_a_call_is_refused_whole(tmp_path: Path) -> None:
    for changes in ({"SmsSdkAppId": "15"}, {"PhoneNumberSet": []}, {"SessionContext": "c" * 512}):
        with pytest.raises(Refused):
            a_provider(tmp_path).send(body(**changes))


class Heard(BaseHTTPRequestHandler):
    """Takes a callback from the second try on."""

    bodies: list[tuple[str, Any]] = []

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append((self.path, said))
        result = 0 if len(self.bodies) > 1 else 1
        answer = json.dumps({"result": result, "errmsg": "OK"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def hearing() -> Iterator[str]:
    Heard.bodies = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Heard) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_receipts_and_replies_reach_the_addresses_given_and_the_page_shows_the_texts(
    tmp_path: Path,
) -> None:
    line = {"seq": 1, "at": "2026-11-23T09:30:00.000+08:00", "phone": PHONE, "template_id": "1"}
    line |= {"params": [], "text": "【示例】<b>", "sid": "s-1", "session": "c"}
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n")
    with hearing() as url:
        sim = SmsSimulator(tmp_path / "t.jsonl", "--receipts-url", f"{url}/r", "--replies-url", url)
        try:
            sim.control("POST", "replies", {"phone": PHONE, "text": "1"})
            assert eventually(lambda: len(Heard.bodies) == 2)
            (_, said), again = Heard.bodies
            assert (said["mobile"], said["nationcode"], said["text"]) == ("13900001111", "86", "1")
            assert again == Heard.bodies[0]
            shown = sim.http.get("/", params={"phone": PHONE}).text
            assert "【示例】&lt;b&gt;" in shown
            assert "没有发到真的手机" in shown
        finally:
            sim.stop()
