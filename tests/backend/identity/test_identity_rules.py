from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.identity.rules import (
    Fault,
    Malformed,
    Title,
    mobile_number,
    person_name,
    rank_of,
)
from backend.prescriptions.rules import LONG_PRESCRIPTION


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    with suppress(Malformed):
        assert person_name(text)


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "+8613800138000",
        "+86 138-0013-8000",
        "86 13800138000",
        "008613800138000",
        "(+86)13800138000",
        "１３８００１３８０００",
        "\u202d138 0013 8000\u202c",
    ],
)
def test_a_mobile_number_is_read_in_many_forms(typed: str) -> None:
    assert mobile_number(typed) == "13800138000"


@pytest.mark.parametrize(
    "typed", ["", "12800138000", "1380013800", "138001380001", "+852 91234567", "+1 3800138000"]
)
def test_other_phones_are_refused(typed: str) -> None:
    with pytest.raises(Malformed) as refused:
        mobile_number(typed)
    assert refused.value.fault is Fault.MOBILE


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("李阿姨", "李阿姨"),
        ("\u3000张 三 ", "张 三"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 ・ 买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("𠮷野", "𠮷野"),
        ("王䶮", "王䶮"),
        ("李〇", "李〇"),
        ("\U00031350某", "\U00031350某"),
        ("Rene\u0301 O’Neil-Smith", "René O’Neil-Smith"),
        ("John F. Kennedy", "John F. Kennedy"),
        ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
        ("\ufa10本", "\ufa10本"),
        ("བཀྲ་ཤིས", "བཀྲ་ཤིས"),
        ("王", "王"),
        ("王" * 50, "王" * 50),
    ],
)
def test_names_are_kept_and_interpuncts_made_one(typed: str, name: str) -> None:
    assert person_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", Fault.NAME_LENGTH),
        (" \u3000", Fault.NAME_LENGTH),
        ("王" * 51, Fault.NAME_LENGTH),
        ("王\x00五", Fault.NAME_CHARACTERS),
        ("王\n五", Fault.NAME_CHARACTERS),
        ("王\u200b五", Fault.NAME_CHARACTERS),
        ("王\u202e五", Fault.NAME_CHARACTERS),
        ("王5", Fault.NAME_CHARACTERS),
        ("<b>王</b>", Fault.NAME_CHARACTERS),
        ("王😀", Fault.NAME_CHARACTERS),
        ("·王", Fault.NAME_CHARACTERS),
        ("王·", Fault.NAME_CHARACTERS),
        ("\ud800王", Fault.NAME_CHARACTERS),
        ("王" + "\u0301" * 6, Fault.NAME_CHARACTERS),
        ("\u0301王", Fault.NAME_CHARACTERS),
        ("\ue000某", Fault.NAME_CHARACTERS),
    ],
)
def test_what_is_no_name_is_refused(typed: str, fault: Fault) -> None:
    with pytest.raises(Malformed) as refused:
        person_name(typed)
    assert refused.value.fault is fault


def test_titles_are_named_as_certificates_do() -> None:
    assert [title.label for title in Title] == ["初级", "中级", "副高级", "正高级"]


def test_the_standard_on_long_prescriptions_knows_these_titles() -> None:
    titles = LONG_PRESCRIPTION.editions[-1].first_titles
    assert titles == set(Title) - {Title.JUNIOR}


@pytest.mark.parametrize(
    ("title", "rank"),
    [
        ("主任医师", Title.SENIOR),
        ("副主任医师", Title.ASSOCIATE_SENIOR),
        ("主治医师", Title.INTERMEDIATE),
        ("主管药师", Title.INTERMEDIATE),
        ("住院医师", Title.JUNIOR),
        ("管理员", Title.JUNIOR),
    ],
)
def test_a_title_tells_the_rank(title: str, rank: Title) -> None:
    assert rank_of(title) is rank
