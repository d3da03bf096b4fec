"""The code on the door: it names a house or a session, and is another one each day.

Nothing is kept: it is an HMAC under the index key over what it names and the day in Shanghai, so
a photograph of yesterday's poster opens nothing.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from backend.clinics.attendance_errors import CodeOver
from backend.kernel.crypto import keyring

MARK_BYTES = 12
_DAY = timedelta(days=1)


class Names(StrEnum):
    """What a code names."""

    HOUSE = "h"
    SESSION = "s"


@dataclass(frozen=True, slots=True)
class Named:
    """What a code of a day names."""

    what: Names
    id: UUID
    day: date


def code_of(what: Names, named: UUID, day: date) -> str:
    """The code of a house or a session on that day, some forty characters."""
    mark = keyring().index(f"{what}:{named}:{day.isoformat()}", "check-in")[:MARK_BYTES]
    return f"JY{what}.{_text(named.bytes)}.{_text(mark)}"


def read(code: str, today: date) -> Named:
    """What a code of today names, or of yesterday for what goes on past midnight.

    Raises `CodeOver`.
    """
    try:
        kind, named, _ = code.split(".")
        what, ident = Names(kind.removeprefix("JY")), UUID(bytes=_bytes(named))
    except ValueError as wrong:
        raise CodeOver from wrong
    for day in (today, today - _DAY):
        if hmac.compare_digest(code.encode(), code_of(what, ident, day).encode()):
            return Named(what, ident, day)
    raise CodeOver


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
