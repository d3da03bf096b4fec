"""What a card may carry beside our own words: a closed set, for it shows on a lock screen.

Days, hours and numbers have a form that holds nothing else; whose record it is, is one of our own
phrases; a place is the name of a house, or else is not named.
"""

import re
from collections.abc import Mapping

from backend.messaging.rules import DoesNotFit, Kind, fit

OWN_RECORD, CHILDS_RECORD = "您的记录，点开可看原因", "您监护的孩子的记录"
WHOSE = frozenset({OWN_RECORD, CHILDS_RECORD})
SOMEWHERE = "请点开查看地点"
_HOUSE = re.compile(r"[院心站所室部馆园厅校局构]")
_LONG_NUMBER = re.compile(r"(?:\d[\s-]*){9,}")
_FORMS = {"date": Kind.DATE, "time": Kind.TIME, "number": Kind.NUMBER}
CARRIED = frozenset({*_FORMS, "place", "whose"})


def only(values: Mapping[str, str]) -> dict[str, str]:
    """The values as a card may carry them; raises `DoesNotFit` for any that is none of these."""
    return {name: _carried(name, value) for name, value in values.items()}


def _carried(name: str, value: str) -> str:
    if name in _FORMS:
        return fit(_FORMS[name], value)
    if name == "place":
        is_house = _HOUSE.search(value) and not _LONG_NUMBER.search(value)
        return value if is_house else SOMEWHERE
    if name == "whose" and value in WHOSE:
        return value
    raise DoesNotFit(f"no card carries such a {name}")
