"""Whether WeChat's templates are those that our texts are written for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from simulators import Simulator

from backend import messaging
from backend.kernel.errors import Unavailable
from backend.messaging.template_check import LIST, Problem, Remote, differences, read
from backend.messaging.wording import Catalogue, Consent, MessageKind, catalogue


def as_listed(**changes: dict[str, Any]) -> Iterator[Remote]:
    """WeChat's list as it should be, but for what is changed by the template's name."""
    for name, own in catalogue().template.items():
        right = Remote(own.id, own.title, frozenset(own.fields), own.kind)
        yield replace(right, **changes.get(name, {}))


def found(**changes: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    told = differences(catalogue(), as_listed(**changes))
    return [(str(one.problem), one.name, one.what) for one in told]


def test_what_is_as_it_should_be_is_no_difference() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": "OTHER"}, ("missing", "booking", ("JIAYI-BOOKING",))),
        ({"keys": frozenset({"thing1", "time2"})}, ("keys_missing", "booking", ("thing3",))),
        (
            {"keys": frozenset({"thing1", "time2", "thing3", "name4"})},
            ("keys_extra", "booking", ("name4",)),
        ),
        ({"consent": Consent.LONG_TERM}, ("other_consent", "booking", ("one_time", "long_term"))),
        ({"title": "随访提醒"}, ("same_title", "随访提醒", ("follow_up", "booking"))),
    ],
    ids=lambda one: str(one)[:20],
)
def test_each_difference_is_named(change: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert found(booking=change) == [expected]


def test_a_key_of_another_type_is_missing_and_extra() -> None:
    keys = frozenset({"thing1", "date2", "thing3"})
    problems = {problem for problem, _, _ in found(booking={"keys": keys})}
    assert problems == {"keys_missing", "keys_extra"}


def test_a_type_we_do_not_know_is_no_difference() -> None:
    assert found(booking={"consent": None}) == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("thing1", "这一句话比二十个字还要长所以在锁屏上会被截断"),
        ("time2", "明天上午"),
        ("phrase2", "超过了五个汉字"),
        ("nothing2", "没有这种字段"),
    ],
)
def test_a_text_that_cannot_fit_is_named(field: str, words: str) -> None:
    kind = MessageKind("demo_notice")
    texts = catalogue()
    wording = replace(texts.kind[kind], texts={field: words})
    changed = object.__new__(Catalogue)
    object.__setattr__(changed, "template", texts.template)
    object.__setattr__(changed, "kind", {**texts.kind, kind: wording})
    told = differences(changed, as_listed())
    assert [(one.problem, one.name, one.what) for one in told] == [
        (Problem.DOES_NOT_FIT, kind, (field, words))
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": []}, []),
        ({"data": ["?", None]}, []),
        (
            {"data": [{"priTmplId": "A", "title": "T", "type": 3, "content": "{{thing01.DATA}}"}]},
            [Remote("A", "T", frozenset({"thing01"}), Consent.LONG_TERM)],
        ),
        ({"data": [{"type": "2"}]}, [Remote("", "", frozenset(), None)]),
        ({"data": [{"type": 9}]}, [Remote("", "", frozenset(), None)]),
    ],
    ids=str,
)
def test_the_list_is_read_leniently(answer: Any, expected: list[Remote]) -> None:
    assert read(answer) == expected


def test_the_last_look_is_counted_for_the_metric(app: Flask, wechat: Simulator) -> None:
    assert messaging.templates_differ() is None
    missing = len(catalogue().template)
    assert [one.problem for one in messaging.check_templates()] == [Problem.MISSING] * missing
    assert messaging.templates_differ() == missing
    for own in catalogue().template.values():
        facts = {"id": own.id, "title": own.title, "fields": dict(own.fields)}
        wechat.control("POST", "templates", facts)
    assert messaging.check_templates() == []
    assert messaging.templates_differ() == 0


def test_no_list_is_no_difference_and_keeps_nothing_from_starting(
    app: Flask, wechat: Simulator
) -> None:
    wechat.fault("http500", LIST, times=2)
    with pytest.raises(Unavailable):
        messaging.check_templates()
    assert messaging.tell_template_differences() == 0
    assert messaging.templates_differ() is None
