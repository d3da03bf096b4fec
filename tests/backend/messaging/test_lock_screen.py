"""The card and the text show on a lock screen: what they say is ours, but for closed values."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.calendar import SHANGHAI
from backend.messaging import MessageKind, as_date, as_time, catalogue
from backend.messaging.carried import SOMEWHERE, WHOSE
from backend.messaging.lock_screen import tells
from backend.messaging.rules import DoesNotFit
from backend.messaging.sms_wording import sms_catalogue
from backend.messaging.wording import named_values, write

KINDS = sorted(MessageKind)
AT = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
VALUES = st.fixed_dictionaries(
    {
        "date": st.dates(date(2020, 1, 1), date(2099, 12, 31)).map(as_date),
        "time": st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)).map(  # noqa: DTZ001
            lambda at: as_time(at.replace(tzinfo=SHANGHAI))
        ),
        "place": st.text("海岛安吉社区卫生服务中心站县人民医院", min_size=1, max_size=30),
        "whose": st.sampled_from(sorted(WHOSE)),
        "number": st.integers(1, 500).map(str),
    }
)


def written(kind: MessageKind, values: Mapping[str, str]) -> dict[str, str]:
    named = named_values(kind)
    return write(kind, {name: one for name, one in values.items() if name in named}, AT)


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_words_tell_nothing(kind: MessageKind) -> None:
    wording = catalogue().kind[kind]
    for words in filter(None, [*wording.texts.values(), wording.late_text]):
        assert tells(words) is None, words


def test_neither_do_those_of_texts() -> None:
    for text in sms_catalogue().text.values():
        assert tells(text.text) is None, text.text


@given(VALUES)
def test_whatever_is_filled_in_neither_do_they(values: Mapping[str, str]) -> None:
    for kind in KINDS:
        content = written(kind, values)
        assert tells(" ".join(content.values())) is None
        if (text := sms_catalogue().text_of(kind)) is not None:
            assert tells(text.read(text.fill(content))) is None


@given(VALUES, st.sampled_from(["name", "drug", "diagnosis", "phone", "note"]), st.text())
def test_no_other_value_is_taken(values: Mapping[str, str], name: str, told: str) -> None:
    for kind in KINDS:
        with pytest.raises(DoesNotFit):
            write(kind, {**values, name: told}, AT)


@pytest.mark.parametrize(
    "place",
    [
        "王桂芬 13805720001",
        "中心 330523196203081234",
        "院办 0572-5123456",
        "阿托伐他汀钙片",
        "韩大爷家",
    ],
)
def test_a_place_is_the_name_of_a_house(place: str) -> None:
    content = write(MessageKind.VISIT_NEAR, {"time": as_time(AT), "place": place}, AT)
    assert content["thing3"] == SOMEWHERE


@pytest.mark.parametrize("whose", ["王桂芬的记录", "您孩子的精神科记录"])
def test_whose_is_one_of_ours(whose: str) -> None:
    with pytest.raises(DoesNotFit):
        write(MessageKind.EMERGENCY_ACCESS, {"whose": whose}, AT)


@pytest.mark.parametrize("told", ["昨天", "王桂芬", "2026年11月23日 高血压"])
def test_a_day_is_a_day(told: str) -> None:
    with pytest.raises(DoesNotFit):
        write(MessageKind.FOLLOW_UP_DUE, {"date": told}, AT)


def test_every_text_names_values_of_the_closed_set_alone() -> None:
    named = set(chain.from_iterable(named_values(kind) for kind in KINDS))
    assert named == {"date", "time", "place", "whose", "number"}
