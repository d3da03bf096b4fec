"""What an SMS says: one text, fit for a lock screen, with a way to answer and to stop."""

import re

import pytest

from backend.messaging.models import Answer
from backend.messaging.rules import DoesNotFit
from backend.messaging.sms_wording import SmsText, sms_catalogue
from backend.messaging.wording import Audience, Channel, MessageKind, catalogue

LONGEST_SIGN = "嘉" * 12  # the provider approves 2 to 12 characters
SAMPLE = {"day": "12月31日", "clock": "23:59"}
TEXTS = sorted(sms_catalogue().text.items())
TELLING = re.compile(r"高血压|糖尿病|冠心病|血压|血糖|精神|感染|孕|药|片|病|诊断|身份证|\d{6}")


def longest(text: SmsText) -> str:
    return text.read(tuple(SAMPLE[param.partition(":")[2]] for param in text.params))


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_every_text_is_one_text_with_the_longest_signature(name: str, text: SmsText) -> None:
    assert sms_catalogue().segments(LONGEST_SIGN, longest(text)) == 1
    assert all(len(SAMPLE[p.partition(":")[2]]) <= sms_catalogue().param_limit for p in text.params)


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_every_text_is_fit_for_a_lock_screen(name: str, text: SmsText) -> None:
    assert TELLING.search(longest(text)) is None
    assert "http" not in text.text


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_a_resident_s_text_says_how_to_stop_and_where_it_counts_how_to_answer(
    name: str, text: SmsText
) -> None:
    audiences = {catalogue().template_of(kind).audience for kind in text.kinds}
    assert len(audiences) == 1
    assert ("回T退订" in text.text) == (audiences == {Audience.RESIDENT})
    assert ("回1确认，回2来不了" in text.text) == text.answers


def test_every_kind_whose_ladder_has_sms_has_a_text_and_no_other() -> None:
    kinds = {kind for kind, one in catalogue().kind.items() if Channel.SMS in one.ladder}
    assert {kind for text in sms_catalogue().text.values() for kind in text.kinds} == kinds
    answering = {kind for _, text in TEXTS for kind in text.kinds if text.answers}
    assert answering == {kind for kind in kinds if catalogue().kind[MessageKind(kind)].answers}


def test_what_stands_in_a_text_comes_from_the_message_s_own_content() -> None:
    content = {"thing1": "…", "time2": "2026年12月01日 09:05", "thing3": "示例"}
    visit = sms_catalogue().text["visit"]
    assert visit.fill(content) == ("12月1日", "09:05")
    assert visit.read(("12月1日", "09:05")) == (
        "您有一个预约：12月1日，09:05开始。回1确认，回2来不了，回T退订"
    )
    with pytest.raises(DoesNotFit):
        visit.fill({"time2": "上午"})


@pytest.mark.parametrize(
    ("words", "count"),
    [("字" * 64, 1), ("字" * 65, 2), ("字" * 128, 2), ("字" * 129, 3), ("𠮷" * 33, 2)],
)
def test_texts_are_counted_as_the_operators_do(words: str, count: int) -> None:
    assert sms_catalogue().segments("家医示例", words) == count


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("1", Answer.CONFIRMED),
        (" １ 。", Answer.CONFIRMED),
        ("确 认！", Answer.CONFIRMED),
        ("2", Answer.CANNOT_COME),
        ("不能来", Answer.CANNOT_COME),
        ("T", Answer.STOP),
        ("ｔｄ", Answer.STOP),
        ("退订", Answer.STOP),
        ("12", None),
        ("1点可以吗", None),
        ("", None),
        ("我头晕得厉害", None),
    ],
)
def test_replies_are_understood_or_left_to_a_person(reply: str, answer: Answer | None) -> None:
    assert sms_catalogue().answer(reply) is answer


def test_a_kind_without_a_text_has_none_and_a_bad_text_is_refused() -> None:
    assert sms_catalogue().text_of(MessageKind.DEMO_NOTICE) is None
    for text in ("您{2}，{1}", "您{1}{2}", "【家医】您{1}，{2}"):
        with pytest.raises(ValueError, match="variables"):
            SmsText("1", (), text, ("date2:day", "date2:day"))
