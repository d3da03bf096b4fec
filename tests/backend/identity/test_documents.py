"""Every kind of document, in every spelling, against the rules and against a second opinion."""

from contextlib import suppress
from datetime import date

import pytest
from document_checker import KINDS, canonical
from document_generator import Typed, documents
from hypothesis import given
from hypothesis import strategies as st

from backend.identity.documents import (
    DocumentKind,
    check_character,
    id_number,
    kind_of,
    number_in,
    read,
)
from backend.identity.rules import Fault, Malformed, Sex

TODAY = date(2026, 11, 23)


def fault_of(text: str) -> Fault:
    with pytest.raises(Malformed) as refused:
        id_number(text, TODAY)
    assert str(refused.value) == refused.value.fault.text
    return refused.value.fault


@pytest.mark.parametrize(
    ("number", "born_on", "sex", "kind"),
    [
        ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE, DocumentKind.RESIDENT_CARD),
        ("440524188001010014", date(1880, 1, 1), Sex.MALE, DocumentKind.RESIDENT_CARD),
        ("110101196002290019", date(1960, 2, 29), Sex.MALE, DocumentKind.RESIDENT_CARD),
        ("440106201602290065", date(2016, 2, 29), Sex.FEMALE, DocumentKind.RESIDENT_CARD),
        ("810000199408230021", date(1994, 8, 23), Sex.FEMALE, DocumentKind.RESIDENCE_PERMIT),
        ("820000199912310049", date(1999, 12, 31), Sex.FEMALE, DocumentKind.RESIDENCE_PERMIT),
        ("830000199201300022", date(1992, 1, 30), Sex.FEMALE, DocumentKind.RESIDENCE_PERMIT),
    ],
)
def test_known_numbers_tell_birth_sex_and_card(
    number: str, born_on: date, sex: Sex, kind: DocumentKind
) -> None:
    found = id_number(number, TODAY)
    assert (found.number, found.born_on, found.sex, found.kind) == (number, born_on, sex, kind)


def test_a_permanent_resident_card_begins_with_nine() -> None:
    body = "93184019800101003"
    found = id_number(body + check_character(body), TODAY)
    assert (found.kind, found.sex) == (DocumentKind.PERMANENT_RESIDENT_CARD, Sex.MALE)


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


@given(st.text(max_size=30), st.sampled_from(DocumentKind))
def test_any_text_is_either_read_or_refused(text: str, kind: DocumentKind) -> None:
    with suppress(Malformed):
        assert read(kind, text, TODAY, "GBR" if kind is DocumentKind.PASSPORT else None)


@pytest.mark.parametrize(
    ("kind", "typed", "country", "form"),
    [
        (DocumentKind.PASSPORT, "e1234 5678", "CHN", "CHN:E12345678"),
        (DocumentKind.PASSPORT, "ＡＢ12345", "ｇｂｒ", "GBR:AB12345"),
        (DocumentKind.PASSPORT, "12345", "usa", "USA:12345"),
        (DocumentKind.PASSPORT, "A" * 17, "FRA", "FRA:" + "A" * 17),
        (DocumentKind.OLD_PERMANENT_RESIDENT_CARD, "usa 110082-062801", None, "USA110082062801"),
        (DocumentKind.BIRTH_CERTIFICATE, "p330 123 456", None, "P330123456"),
        (DocumentKind.BIRTH_CERTIFICATE, "Ｐ３３０１２３４５６", None, "P330123456"),
        (DocumentKind.RESIDENCE_PERMIT, "810000199408230021", None, "810000199408230021"),
    ],
)
def test_every_spelling_has_one_form_which_tells_its_kind(
    kind: DocumentKind, typed: str, country: str | None, form: str
) -> None:
    found = read(kind, typed, TODAY, country)
    assert (found.canonical, kind_of(form), number_in(form)) == (form, kind, found.number)


@pytest.mark.parametrize(
    ("kind", "typed", "country", "fault"),
    [
        (DocumentKind.PASSPORT, "E123", "CHN", Fault.PASSPORT),
        (DocumentKind.PASSPORT, "A" * 18, "CHN", Fault.PASSPORT),
        (DocumentKind.PASSPORT, "E1234567ß", "CHN", Fault.PASSPORT),
        (DocumentKind.PASSPORT, "Е1234567", "CHN", Fault.PASSPORT),
        (DocumentKind.PASSPORT, "E12345678", None, Fault.COUNTRY),
        (DocumentKind.PASSPORT, "E12345678", "ZZZ", Fault.COUNTRY),
        (DocumentKind.PASSPORT, "E12345678", "CN", Fault.COUNTRY),
        (DocumentKind.BIRTH_CERTIFICATE, "P33012345", None, Fault.BIRTH_CERTIFICATE),
        (DocumentKind.BIRTH_CERTIFICATE, "3301234567", None, Fault.BIRTH_CERTIFICATE),
        (DocumentKind.BIRTH_CERTIFICATE, "P330123456", "CHN", Fault.COUNTRY_UNASKED),
        (DocumentKind.OLD_PERMANENT_RESIDENT_CARD, "US1110082062801", None, Fault.OLD_CARD),
        (DocumentKind.OLD_PERMANENT_RESIDENT_CARD, "USA11008206280", None, Fault.OLD_CARD),
        (DocumentKind.RESIDENCE_PERMIT, "11010519491231002X", None, Fault.DOCUMENT_KIND),
        (DocumentKind.RESIDENT_CARD, "810000199408230021", None, Fault.DOCUMENT_KIND),
    ],
)
def test_what_cannot_be_such_a_document_is_refused_with_the_reason(
    kind: DocumentKind, typed: str, country: str | None, fault: Fault
) -> None:
    with pytest.raises(Malformed) as refused:
        read(kind, typed, TODAY, country)
    assert refused.value.fault is fault


def test_the_same_passport_number_of_two_countries_is_two_documents() -> None:
    one, other = (read(DocumentKind.PASSPORT, "E12345678", TODAY, of) for of in ("GBR", "USA"))
    assert one.number == other.number
    assert one.canonical != other.canonical


def test_fifteen_and_eighteen_digits_are_one_document() -> None:
    old, new = (id_number(typed, TODAY) for typed in ("110105491231002", "11010519491231002X"))
    assert old == new


def test_no_two_kinds_share_a_form_under_one_purpose() -> None:
    """A passport may look like an old card or a certificate: it is found under another purpose."""
    looks = read(DocumentKind.PASSPORT, "P330123456", TODAY, "GBR")
    certificate = read(DocumentKind.BIRTH_CERTIFICATE, "P330123456", TODAY)
    assert looks.number == certificate.number
    assert looks.canonical != certificate.canonical
    assert looks.index_purpose != certificate.index_purpose


def verdict(typed: Typed) -> str | None:
    """The product's."""
    try:
        kind = DocumentKind(typed.kind)
        return read(kind, typed.number, TODAY, typed.country).canonical
    except Malformed:
        return None


def compared(count: int) -> None:
    wrong, sound = [], dict.fromkeys(KINDS, 0)
    for typed in documents(count, TODAY):
        ours = verdict(typed)
        if ours != canonical(typed.kind, typed.number, typed.country, 20261123):
            wrong.append((typed, ours))
        sound[typed.kind] += ours is not None
    assert wrong == []
    assert min(sound.values()) > count / 50
    assert count / 4 < sum(sound.values()) < count * 3 / 4


def test_a_second_opinion_agrees() -> None:
    compared(3_000)


@pytest.mark.full
def test_a_second_opinion_agrees_on_a_hundred_and_twenty_thousand() -> None:
    compared(120_000)


def test_a_wrong_weight_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the comparison sees what is wrong."""
    monkeypatch.setattr(
        "backend.identity.documents.WEIGHTS", (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 2, 4)
    )
    with pytest.raises(AssertionError):
        compared(300)
