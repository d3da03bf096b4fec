from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.identity.rules import (
    Document,
    Fault,
    Malformed,
    Sex,
    Title,
    check_character,
    id_number,
    mobile_number,
    person_name,
    rank_of,
)
from backend.prescriptions.rules import LONG_PRESCRIPTION

TODAY = date(2026, 11, 23)


def fault_of(text: str) -> Fault:
    with pytest.raises(Malformed) as refused:
        id_number(text, TODAY)
    assert str(refused.value) == refused.value.fault.text
    return refused.value.fault


@pytest.mark.parametrize(
    ("number", "born_on", "sex", "document"),
    [
        ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE, Document.RESIDENT_CARD),
        ("440524188001010014", date(1880, 1, 1), Sex.MALE, Document.RESIDENT_CARD),
        ("110101196002290019", date(1960, 2, 29), Sex.MALE, Document.RESIDENT_CARD),
        ("440106201602290065", date(2016, 2, 29), Sex.FEMALE, Document.RESIDENT_CARD),
        ("810000199408230021", date(1994, 8, 23), Sex.FEMALE, Document.RESIDENCE_PERMIT),
        ("820000199912310049", date(1999, 12, 31), Sex.FEMALE, Document.RESIDENCE_PERMIT),
        ("830000199201300022", date(1992, 1, 30), Sex.FEMALE, Document.RESIDENCE_PERMIT),
    ],
)
def test_known_numbers_tell_birth_sex_and_card(
    number: str, born_on: date, sex: Sex, document: Document
) -> None:
    found = id_number(number, TODAY)
    assert (found.number, found.born_on, found.sex, found.document) == (
        number,
        born_on,
        sex,
        document,
    )


def test_a_permanent_resident_card_begins_with_nine() -> None:
    body = "93184019800101003"
    found = id_number(body + check_character(body), TODAY)
    assert (found.document, found.sex) == (Document.PERMANENT_RESIDENT_CARD, Sex.MALE)


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "11010519491231002Ⅹ",
        "11010519491231002ⅹ",
        "\u202d11010519491231002X\u202c",
        "110105491231002",
    ],
)
def test_people_type_it_in_many_ways(typed: str) -> None:
    assert id_number(typed, TODAY).number == "11010519491231002X"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", Fault.ID_LENGTH),
        ("1101051949123100", Fault.ID_LENGTH),
        ("11010519491231002X0", Fault.ID_LENGTH),
        ("1101051949123100XX", Fault.ID_CHARACTERS),
        ("11010519491231002Y", Fault.ID_CHARACTERS),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢٣", Fault.ID_CHARACTERS),
        ("11O10519491231002X", Fault.ID_CHARACTERS),
        ("00010519491231002X", Fault.ID_AREA),
        ("160105194912310020", Fault.ID_AREA),
        ("840000199408230021", Fault.ID_AREA),
        ("810100199408230021", Fault.ID_AREA),
        ("110105194902290020", Fault.ID_BIRTH),
        ("110105194913310020", Fault.ID_BIRTH),
        ("110105190002290020", Fault.ID_BIRTH),
        ("110105179912310020", Fault.ID_BIRTH),
        ("110105202611240020", Fault.ID_BIRTH),
        ("110105491331002", Fault.ID_BIRTH),
        ("110105194912310021", Fault.ID_CHECK),
        ("110105194912310029", Fault.ID_CHECK),
    ],
)
def test_what_cannot_be_a_number_is_refused_with_the_reason(typed: str, fault: Fault) -> None:
    assert fault_of(typed) is fault


def test_a_child_born_today_has_a_number_and_tomorrow_is_too_early() -> None:
    body = "33050220261123001"
    number = body + check_character(body)
    assert id_number(number, TODAY).born_on == TODAY
    with pytest.raises(Malformed):
        id_number(number, date(2026, 11, 22))


def test_a_number_is_never_printed() -> None:
    found = id_number("11010519491231002X", TODAY)
    assert "1949" not in f"{found} {found!r}"


bodies = st.builds(
    lambda day, sequence: f"330502{day:%Y%m%d}{sequence:03}",
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)


@given(bodies, st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_never_passes(body: str, at: int, other: str) -> None:
    number = body + check_character(body)
    assert id_number(number, TODAY).number == number
    wrong = number[:at] + other + number[at + 1 :]
    if wrong != number:
        fault_of(wrong)


@given(st.text(max_size=30))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    for read in (lambda: id_number(text, TODAY).number, lambda: person_name(text)):
        with suppress(Malformed):
            assert read()


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
