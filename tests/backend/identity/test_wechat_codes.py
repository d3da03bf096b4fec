"""What follows from each refusal of wechat-protocol §1–§5, one row a code."""

from datetime import UTC, datetime

import pytest

from backend import identity
from backend.identity.wechat_codes import Action
from backend.messaging import judge
from config.settings import ROOT

WALL = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
P, C, B, N, R, S, O, D = Action  # noqa: E741 — one letter each, so that the table can be read
FAILED, QUEUED = "failed", "queued"
# code: action, alarm, and what becomes of a message that is answered so
TABLE = {
    -1: (B, False, QUEUED, "busy"),
    40001: (R, False, QUEUED, "bad_token"),
    40014: (R, False, QUEUED, "bad_token"),
    42001: (R, False, QUEUED, "bad_token"),
    40002: (D, True, FAILED, "defect"),
    40013: (O, True, QUEUED, "suspended"),
    40125: (O, True, QUEUED, "suspended"),
    40164: (O, True, QUEUED, "suspended"),
    40243: (O, True, QUEUED, "suspended"),
    41002: (D, True, FAILED, "defect"),
    41004: (D, True, FAILED, "defect"),
    89501: (O, True, QUEUED, "suspended"),
    89503: (O, True, QUEUED, "suspended"),
    89506: (O, True, QUEUED, "suspended"),
    89507: (O, True, QUEUED, "suspended"),
    48004: (S, True, QUEUED, "suspended"),
    50004: (S, True, QUEUED, "suspended"),
    43107: (S, True, QUEUED, "suspended"),
    200011: (S, True, QUEUED, "suspended"),
    45009: (N, False, QUEUED, "quota"),
    45011: (B, False, QUEUED, "rate"),
    48006: (P, True, FAILED, "unexpected_code"),
    40029: (C, False, FAILED, "unexpected_code"),
    40163: (C, False, FAILED, "unexpected_code"),
    40226: (C, False, FAILED, "unexpected_code"),
    41008: (D, True, FAILED, "defect"),
    87009: (C, False, FAILED, "unexpected_code"),
    40003: (P, True, FAILED, "bad_recipient"),
    40037: (P, True, FAILED, "bad_template"),
    41030: (P, True, FAILED, "bad_page"),
    43101: (P, False, FAILED, "no_credit"),
    43108: (B, False, QUEUED, "concurrent"),
    47003: (P, True, FAILED, "bad_content"),
    45168: (P, True, FAILED, "blocked_content"),
    40249: (P, True, FAILED, "blocked_content"),
    41001: (D, True, FAILED, "defect"),
    43001: (D, True, FAILED, "defect"),
    43002: (D, True, FAILED, "defect"),
    44002: (D, True, FAILED, "defect"),
    47001: (D, True, FAILED, "defect"),
    43104: (O, True, QUEUED, "suspended"),
    43106: (S, True, QUEUED, "suspended"),
    200012: (P, True, FAILED, "unexpected_code"),
    200013: (P, True, FAILED, "unexpected_code"),
    200014: (P, True, FAILED, "unexpected_code"),
    200016: (D, True, FAILED, "defect"),
    200017: (D, True, FAILED, "defect"),
    200018: (D, True, FAILED, "defect"),
    200019: (P, True, FAILED, "unexpected_code"),
    200020: (P, True, FAILED, "unexpected_code"),
    200021: (P, True, FAILED, "unexpected_code"),
    40129: (D, True, FAILED, "defect"),
    43302: (D, True, FAILED, "defect"),
    61010: (P, False, FAILED, "unexpected_code"),
    87014: (C, False, FAILED, "unexpected_code"),
    40097: (D, True, FAILED, "defect"),
    40165: (P, True, FAILED, "unexpected_code"),
    40169: (D, True, FAILED, "defect"),
    85096: (D, True, FAILED, "defect"),
    85400: (P, True, FAILED, "unexpected_code"),
    76001: (P, False, FAILED, "unexpected_code"),
    76002: (P, False, FAILED, "unexpected_code"),
    76003: (P, False, FAILED, "unexpected_code"),
    76004: (P, False, FAILED, "unexpected_code"),
    76021: (P, False, FAILED, "unexpected_code"),
    76022: (P, False, FAILED, "unexpected_code"),
}


@pytest.mark.parametrize(("code", "row"), TABLE.items(), ids=map(str, TABLE))
@pytest.mark.parametrize("written", [int, str])
def test_each_code_has_its_action(
    code: int, row: tuple[Action, bool, str, str], written: type
) -> None:
    known = identity.wechat_refusal(code)
    outcome = judge({"errcode": written(code), "errmsg": "whatever it says"}, 0, WALL)
    assert (known.action, known.is_alarming, outcome.state, outcome.reason) == row
    assert outcome.errcode == code


def test_no_code_of_the_file_goes_untested() -> None:
    assert identity.wechat_refusals().keys() == TABLE.keys()


def test_a_code_nobody_knows_is_permanent_and_calls_a_person() -> None:
    known = identity.wechat_refusal(99999)
    assert (known.action, known.is_alarming) == (P, True)
    outcome = judge({"errcode": 99999}, 0, WALL)
    assert (outcome.state, outcome.reason, outcome.alarming) == (FAILED, "unexpected_code", True)


def test_what_an_alarm_means_is_said_where_operators_read() -> None:
    page = (ROOT / "docs" / "generated" / "wechat_codes.md").read_text("utf-8")
    alarming = [code for code, known in identity.wechat_refusals().items() if known.is_alarming]
    assert [code for code in alarming if f"| {code} |" not in page] == []
