"""A second opinion on identity documents: nothing of the product is imported here.

The check character is the recursion of ISO 7064 MOD 11-2, the calendar is counted by hand, and
what people type is unwritten from tables.
"""

KINDS = (
    "resident_card",
    "residence_permit",
    "permanent_resident_card",
    "old_permanent_resident_card",
    "passport",
    "birth_certificate",
)
_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46"
    " 50 51 52 53 54 61 62 63 64 65 71"
)
PROVINCES = set(_PROVINCES.split())
PERMITS = {"810000", "820000", "830000"}
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DIGITS, LETTERS = set("0123456789"), set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
IGNORED = set(" \t\u3000\u00a0\u2009-‐‑–—－\u200b\u200c\u200e\u200f\u202a\u202c\u202d\ufeff")
WIDE = {chr(ord(c) + 0xFEE0): c for c in map(chr, range(0x21, 0x7F))}
SMALL = {c.lower(): c for c in LETTERS}
ISSUERS = {"GBR", "USA", "FRA", "JPN", "CHN", "DEU"}


def unwritten(typed: str) -> str:
    """The characters that were meant."""
    meant = []
    for c in typed:
        narrow = WIDE.get(c, "X" if c in "Ⅹⅹ" else c)
        if c not in IGNORED and narrow not in IGNORED:
            meant.append(SMALL.get(narrow, narrow))
    return "".join(meant)


def last_character(body: str) -> str:
    """ISO 7064 MOD 11-2, recursively from the left."""
    product = 0
    for digit in body:
        product = (product + int(digit)) * 2 % 11
    return "0123456789X"[(12 - product) % 11]


def is_a_day(year: int, month: int, day: int) -> bool:
    """Whether the Gregorian calendar has this day."""
    leap = year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)
    return 1 <= month <= 12 and 1 <= day <= DAYS[month - 1] + (month == 2 and leap)


def canonical(kind: str, typed: str, country: str | None, today: int) -> str | None:
    """The one form of the document, `None` where it is none; `today` is written 20261123."""
    if country is not None and kind != "passport":
        return None
    number = unwritten(typed)
    if kind == "passport":
        issuer = unwritten(country or "")
        fits = 5 <= len(number) <= 17 and set(number) <= DIGITS | LETTERS and issuer in ISSUERS
        return f"{issuer}:{number}" if fits else None
    if kind == "old_permanent_resident_card":
        return number if _lettered(number, 3, 12) else None
    if kind == "birth_certificate":
        return number if _lettered(number, 1, 9) else None
    return _national(kind, number, today)


def _lettered(number: str, letters: int, digits: int) -> bool:
    head, tail = number[:letters], number[letters:]
    return len(number) == letters + digits and set(head) <= LETTERS and set(tail) <= DIGITS


def _national(kind: str, number: str, today: int) -> str | None:
    if len(number) == 15 and set(number) <= DIGITS:
        number = number[:6] + "19" + number[6:]
        number += last_character(number)
    if len(number) != 18 or not set(number[:17]) <= DIGITS:
        return None
    area, born = number[:6], int(number[6:14])
    if _card(area) != kind or not is_a_day(born // 10000, born // 100 % 100, born % 100):
        return None
    sound = 18800101 <= born <= today and number[17] == last_character(number[:17])
    return number if sound else None


def _card(area: str) -> str | None:
    if area.startswith("9"):
        return "permanent_resident_card"
    if area in PERMITS:
        return "residence_permit"
    return "resident_card" if area[:2] in PROVINCES else None
