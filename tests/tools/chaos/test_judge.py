"""What the judge calls lost, doubled or in limbo: one book a case."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tools.chaos.books import FIRST_MSGID, Item, Line, Row
from tools.chaos.judge import Verdict, judge

ITEM = Item("follow_up_due", UUID(int=1), UUID(int=2), "once", "wechat")
SENT = Row(
    UUID(int=3),
    ITEM,
    "T",
    "pages/a?id=2",
    {"thing1": "x"},
    "sent",
    None,
    FIRST_MSGID + 1,
    "o",
    True,
)
LINE = Line(1, "o", "T", "pages/a?id=2", {"thing1": "x"})
AGAIN = replace(LINE, seq=2)
UNKNOWN = replace(SENT, state="unknown", reason="no_answer", msgid=None)
FINDINGS = ("lost", "doubled", "doubled_with_injected_loss", "limbo", "stray", "contradicted")


def found(verdict: Verdict) -> dict[str, int]:
    return {name: len(getattr(verdict, name)) for name in FINDINGS if getattr(verdict, name)}


@pytest.mark.parametrize(
    ("rows", "lines", "findings"),
    [
        ([SENT], [LINE], {}),
        ([UNKNOWN], [LINE], {}),
        ([UNKNOWN], [], {}),
        ([replace(UNKNOWN, state="failed")], [], {}),
        ([], [], {"lost": 1}),
        ([SENT], [], {"lost": 1}),
        ([SENT], [replace(LINE, openid="another")], {"lost": 1, "stray": 1}),
        ([SENT], [LINE, AGAIN], {"doubled": 1}),
        ([UNKNOWN], [LINE, AGAIN], {"doubled": 1}),
        ([SENT, replace(SENT, id=UUID(int=4), msgid=FIRST_MSGID + 2)], [LINE, AGAIN],
         {"doubled": 1, "limbo": 1}),
        ([replace(UNKNOWN, state="queued")], [], {"limbo": 1}),
        ([replace(UNKNOWN, state="queued", is_due=False)], [], {}),
        ([replace(UNKNOWN, state="withdrawn")], [LINE], {"contradicted": 1}),
        ([SENT], [LINE, replace(AGAIN, page="pages/b")], {"stray": 1}),
    ],
)  # fmt: skip
def test_a_finding(rows: list[Row], lines: list[Line], findings: dict[str, int]) -> None:
    assert found(judge(rows, lines, [ITEM], [])) == findings


def test_twice_for_whom_an_answer_was_lost_is_told_apart() -> None:
    verdict = judge([UNKNOWN], [LINE, AGAIN], [ITEM], ["o"])
    assert found(verdict) == {"doubled_with_injected_loss": 1}
    assert verdict.reconciles


def test_a_text_is_found_by_the_row_it_names() -> None:
    text = replace(SENT, item=ITEM._replace(channel="sms"), msgid=None, openid=None, page="")
    line = Line(-1, "+8613805720001", "S", "", {}, row=text.id)
    assert found(judge([text], [line], [], [])) == {}
    assert found(judge([text], [line, replace(line, seq=-2)], [], [])) == {"doubled": 1}
    assert found(judge([text], [replace(line, row=UUID(int=9))], [], [])) == {"lost": 1, "stray": 1}


def test_what_stands_on_a_call_list_waits_for_people() -> None:
    call = replace(UNKNOWN, item=ITEM._replace(channel="call"), state="queued")
    assert found(judge([call], [], [], [])) == {}


def test_two_messages_of_one_page_are_told_apart_by_their_words() -> None:
    told: dict[str, Any] = {"item": ITEM._replace(kind="overdue"), "content": {"thing1": "y"}}
    other = replace(UNKNOWN, id=UUID(int=4), **told)
    lines = [LINE, replace(LINE, seq=2, content={"thing1": "y"})]
    assert found(judge([SENT, other], lines, [ITEM, other.item], [])) == {}
    lines = [LINE, AGAIN]
    assert judge([SENT, replace(other, state="failed")], lines, [], []).doubled


@pytest.mark.parametrize(
    ("rows", "lines", "well"),
    [
        ([SENT], [LINE], True),
        ([SENT], [LINE, AGAIN], True),
        ([SENT, replace(SENT, msgid=FIRST_MSGID + 2)], [LINE, AGAIN], True),
        ([SENT], [], False),
        ([UNKNOWN], [LINE], True),
        ([], [LINE], False),
    ],
)
def test_the_totals_reconcile(rows: list[Row], lines: list[Line], well: bool) -> None:
    assert judge(rows, lines, [], []).reconciles is well
