"""One-time codes: the vectors of RFC 6238, the window, and codes that people type."""

import base64

import pytest
from flask import Flask

from backend.staffing import codes

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
SECRET = codes.new_secret()
NOW = 1_790_000_015.0


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert codes.code_at(RFC_SECRET, codes.step_of(seconds), digits=8) == code


@pytest.mark.parametrize(
    ("late", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_before_and_after_is_near_enough(late: int, taken: bool) -> None:
    step = codes.step_of(NOW) + late
    found = codes.matching_step(SECRET, codes.code_at(SECRET, step), NOW)
    assert found == (step if taken else None)


def test_a_code_counts_once() -> None:
    step = codes.step_of(NOW)
    code = codes.code_at(SECRET, step)
    assert codes.matching_step(SECRET, code, NOW, after=step) is None
    assert codes.matching_step(SECRET, code, NOW, after=step - 1) == step


@pytest.mark.parametrize("wrong", ["", "12345", "一二三四五六", "abcdef", "0" * 200])
def test_what_is_no_code_is_none(wrong: str) -> None:
    assert codes.matching_step(SECRET, wrong, NOW) is None


def test_a_code_may_be_typed_in_two_groups() -> None:
    code = codes.code_at(SECRET, codes.step_of(NOW))
    assert codes.matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW) is not None


def test_a_short_code_is_read_as_people_type_it(app: Flask) -> None:
    kept = codes.digest("01AB-CDEF-GH1J", "invitation")
    for typed in ("o1ab cdef ghij", "OLAB-CDEF-GHIJ", "01abcdefgh1j"):
        assert codes.digest(typed, "invitation") == kept
    assert codes.digest("01AB-CDEF-GH2J", "invitation") != kept
    assert codes.digest("01AB-CDEF-GH1J", "recovery") != kept


def test_codes_are_long_and_never_the_same() -> None:
    links, shorts = (
        {codes.link_code() for _ in range(200)},
        {codes.short_code() for _ in range(200)},
    )
    assert len(links) == len(shorts) == 200
    assert all(len(link) >= 43 for link in links)  # 256 bits in base64


def test_the_picture_holds_what_an_app_reads() -> None:
    address = codes.uri(SECRET, "zhou.wen")
    assert address.startswith("otpauth://totp/")
    assert f"secret={SECRET}" in address
    assert codes.svg(address).startswith("<svg")
