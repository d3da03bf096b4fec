"""Identity documents [证件]: every kind read to one canonical form, whatever its spelling.

GB 11643-1999 (18 characters, check by ISO 7064 MOD 11-2); the shapes of the other kinds are
those of national-rules part C. Passports and newborn certificates have no national check.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from backend.identity.countries import COUNTRIES
from backend.identity.rules import Fault, Malformed, Sex, plain, require

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
CHECK_CHARACTERS = "10X98765432"
PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")  # GB/T 2260
OLDEST_BIRTH_YEAR = 1880  # the standard's own example was born then


class DocumentKind(StrEnum):
    """Which document carries the number."""

    RESIDENT_CARD = "resident_card"  # 居民身份证
    RESIDENCE_PERMIT = "residence_permit"  # 港澳台居民居住证
    PERMANENT_RESIDENT_CARD = "permanent_resident_card"  # 外国人永久居留身份证, since 2023-12-01
    OLD_PERMANENT_RESIDENT_CARD = "old_permanent_resident_card"  # the same before, 15 characters
    PASSPORT = "passport"  # 护照
    BIRTH_CERTIFICATE = "birth_certificate"  # 出生医学证明

    @property
    def has_national_number(self) -> bool:
        """Whether it carries an 18-character number, which tells birth and sex."""
        return self in NATIONAL


NATIONAL = frozenset(
    {
        DocumentKind.RESIDENT_CARD,
        DocumentKind.RESIDENCE_PERMIT,
        DocumentKind.PERMANENT_RESIDENT_CARD,
    }
)


@dataclass(frozen=True)
class Document:
    """A well-formed document: its number as printed, and what the number tells of the person.

    `born_on` and `sex` are `None` where the person must be asked; `country` is the issuer of a
    passport (ISO 3166-1 alpha-3).
    """

    kind: DocumentKind
    number: str
    born_on: date | None = None
    sex: Sex | None = None
    country: str | None = None

    @property
    def canonical(self) -> str:
        """The one text that stands for it: two people never share it, one person never has two."""
        return f"{self.country}:{self.number}" if self.country else self.number

    @property
    def index_purpose(self) -> str:
        """For the blind index; an 18-character number tells its kind, so it needs none beside."""
        return "id_number" if self.kind.has_national_number else f"document:{self.kind}"

    def __repr__(self) -> str:
        return "Document(…)"  # a log must never show it

    __str__ = __repr__


def read(kind: DocumentKind, number: str, today: date, country: str | None = None) -> Document:
    """Read a document of this kind as people type it; raises `Malformed`."""
    require(country is None or kind is DocumentKind.PASSPORT, Fault.COUNTRY_UNASKED)
    if kind.has_national_number:
        document = id_number(number, today)
        require(document.kind is kind, Fault.DOCUMENT_KIND)
        return document
    if kind is DocumentKind.PASSPORT:
        return _passport(number, country)
    shape, fault = _SHAPES[kind]
    return Document(kind, _shaped(number, shape, fault))


def id_number(text: str, today: date) -> Document:
    """Read an 18-character number, or 15 old digits; which card it is follows from it."""
    number = _upgraded(plain(text))
    require(len(number) == 18, Fault.ID_LENGTH)
    require(re.fullmatch(r"[0-9]{17}[0-9X]", number) is not None, Fault.ID_CHARACTERS)
    kind = _card(number)
    born_on = _birth_date(number, today)
    require(check_character(number[:17]) == number[17], Fault.ID_CHECK)
    return Document(kind, number, born_on, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


def kind_of(canonical: str) -> DocumentKind:
    """Which kind a canonical form is of; it is kept nowhere else."""
    if ":" in canonical:
        return DocumentKind.PASSPORT
    shapes: Mapping[int, Callable[[str], DocumentKind]] = {
        18: _card,
        15: lambda _: DocumentKind.OLD_PERMANENT_RESIDENT_CARD,
        10: lambda _: DocumentKind.BIRTH_CERTIFICATE,
    }
    return shapes[len(canonical)](canonical)


def number_in(canonical: str) -> str:
    """The number as printed, without the country that a canonical form may begin with."""
    return canonical.rpartition(":")[2]


def check_character(body: str) -> str:
    """Compute the eighteenth character from the seventeen before it."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return CHECK_CHARACTERS[total % 11]


def may_be_born(on: date, today: date) -> bool:
    """Whether somebody who is asked for today can have been born on that day."""
    return on.year >= OLDEST_BIRTH_YEAR and on <= today


_SHAPES = {
    DocumentKind.OLD_PERMANENT_RESIDENT_CARD: (r"[A-Z]{3}[0-9]{12}", Fault.OLD_CARD),
    DocumentKind.BIRTH_CERTIFICATE: (r"[A-Z][0-9]{9}", Fault.BIRTH_CERTIFICATE),
}


def _passport(number: str, country: str | None) -> Document:
    issuer = plain(country or "")
    require(issuer in COUNTRIES, Fault.COUNTRY)
    shaped = _shaped(number, r"[A-Z0-9]{5,17}", Fault.PASSPORT)
    return Document(DocumentKind.PASSPORT, shaped, country=issuer)


def _shaped(text: str, shape: str, fault: Fault) -> str:
    number = plain(text)
    require(re.fullmatch(shape, number) is not None, fault)
    return number


def _upgraded(number: str) -> str:
    if not re.fullmatch(r"[0-9]{15}", number):
        return number
    body = f"{number[:6]}19{number[6:]}"  # 15 digits were given out until 1999 only
    return body + check_character(body)


def _card(number: str) -> DocumentKind:
    if number[0] == "9":
        return DocumentKind.PERMANENT_RESIDENT_CARD
    require(PROVINCE.match(number) is not None, Fault.ID_AREA)
    if number[:2] in ("81", "82", "83"):
        require(number[2:6] == "0000", Fault.ID_AREA)
        return DocumentKind.RESIDENCE_PERMIT
    return DocumentKind.RESIDENT_CARD


def _birth_date(number: str, today: date) -> date:
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Malformed(Fault.ID_BIRTH) from None
    require(may_be_born(born_on, today), Fault.ID_BIRTH)
    return born_on
