"""Documents as people have them and mistype them."""

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from document_checker import ISSUERS, KINDS, PROVINCES, last_character

MARKS = (" ", "-", "\u200b", "\u202d", "\u3000", "—", "\ufeff", "\u00a0")


@dataclass(frozen=True)
class Typed:
    """What somebody typed as the number of a document of this kind."""

    kind: str
    number: str
    country: str | None


def documents(count: int, today: date, seed: int = 643) -> Iterator[Typed]:
    """Well-formed ones, each in some spelling, more than half with something wrong."""
    chance = Random(seed)
    for _ in range(count):
        kind = chance.choice([*KINDS[:3], *KINDS])
        number = _NUMBERS[kind](chance, today)
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            number = chance.choice(MISTAKES)(chance, number)
        country = chance.choice(sorted(ISSUERS)) if kind == "passport" else None
        if chance.random() < 0.03:
            country = chance.choice([None, "GBR", "ZZZ", "gb", "g b r", "ＧＢＲ"])
        if chance.random() < 0.03:
            kind = chance.choice(KINDS)
        yield Typed(kind, _spelled(chance, number), country)


def _resident_card(chance: Random, today: date) -> str:
    area = chance.choice(sorted(PROVINCES)) + f"{chance.randrange(10000):04}"
    number = _national(chance, today, area)
    old = number[6:8] == "19" and chance.random() < 0.2
    return number[:6] + number[8:17] if old else number


def _permit(chance: Random, today: date) -> str:
    return _national(chance, today, chance.choice(["810000", "820000", "830000"]))


def _foreign_card(chance: Random, today: date) -> str:
    return _national(chance, today, f"9{chance.randrange(100000):05}")


def _national(chance: Random, today: date, area: str) -> str:
    span = (today - date(1880, 1, 1)).days
    born = date(1880, 1, 1) + timedelta(days=chance.randint(0, span))
    body = f"{area}{born:%Y%m%d}{chance.randrange(1000):03}"
    return body + last_character(body)


def _letters_and_digits(chance: Random, letters: int, digits: int) -> str:
    head = "".join(chance.choices(string.ascii_uppercase, k=letters))
    return head + "".join(chance.choices(string.digits, k=digits))


_NUMBERS: dict[str, Callable[[Random, date], str]] = {
    "resident_card": _resident_card,
    "residence_permit": _permit,
    "permanent_resident_card": _foreign_card,
    "old_permanent_resident_card": lambda chance, _: _letters_and_digits(chance, 3, 12),
    "passport": lambda chance, _: _letters_and_digits(
        chance, chance.randint(0, 3), chance.randint(4, 15)
    ),
    "birth_certificate": lambda chance, _: _letters_and_digits(chance, 1, 9),
}


def _one_other(chance: Random, number: str) -> str:
    at = chance.randrange(len(number))
    return number[:at] + chance.choice(string.digits + "XxAZＺé٣β") + number[at + 1 :]


def _swapped(chance: Random, number: str) -> str:
    at = chance.randrange(len(number) - 1)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _longer(chance: Random, number: str) -> str:
    at = chance.randrange(len(number) + 1)
    return number[:at] + chance.choice("0X_.5") + number[at:]


def _shorter(chance: Random, number: str) -> str:
    at = chance.randrange(len(number))
    return number[:at] + number[at + 1 :]


def _another_day(chance: Random, number: str) -> str:
    """A day that need not exist, with the right check character."""
    day = f"{chance.randint(1870, 2030)}{chance.randint(0, 13):02}{chance.randint(0, 32):02}"
    return _checked(number[:6] + day + number[14:])


def _another_area(chance: Random, number: str) -> str:
    return _checked(f"{chance.randrange(100):02}" + number[2:])


def _another_permit(chance: Random, number: str) -> str:
    return _checked(chance.choice(["810001", "840000", "830100", "800000", "820000"]) + number[6:])


def _another_sequence(chance: Random, number: str) -> str:
    return _checked(number[:14] + f"{chance.randrange(1000):03}" + number[17:])


def _checked(number: str) -> str:
    body = number[:17]
    national = len(number) == 18 and body.isascii() and body.isdigit()
    return body + last_character(body) if national else number


MISTAKES = (
    _one_other,
    _one_other,
    _swapped,
    _swapped,
    _longer,
    _shorter,
    _another_day,
    _another_day,
    _another_area,
    _another_permit,
    _another_sequence,
)


def _spelled(chance: Random, number: str) -> str:
    if chance.random() < 0.3:
        number = number.lower()
    if chance.random() < 0.2:
        number = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in number)
    if chance.random() < 0.1:
        number = number.replace("X", chance.choice("ⅩⅹＸ"))
    for _ in range(chance.choice([0, 0, 0, 1, 3])):
        at = chance.randint(0, len(number))
        number = number[:at] + chance.choice(MARKS) + number[at:]
    return number
