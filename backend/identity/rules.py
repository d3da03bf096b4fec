"""What a person's number, name and phone must be like before anyone asks whose they are."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
CHECK_CHARACTERS = "10X98765432"
PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")  # GB/T 2260
OLDEST_BIRTH_YEAR = 1880  # the standard's own example was born then
NAME_LENGTH = 50

_INTERPUNCTS = dict.fromkeys(map(ord, "•‧∙⋅・･．.᛫⸱ꞏ●"), "·")
_FILLERS = frozenset({"Cf", "Pd"})  # direction marks that phones paste along, and dashes
_RARE = range(0x20000, 0x3FFFE)  # ideographs, the ones too new for this Python among them


class Fault(StrEnum):
    """Why an entry cannot be what it should be; the value is the code clients see."""

    ID_LENGTH = "id_length"
    ID_CHARACTERS = "id_characters"
    ID_AREA = "id_area"
    ID_BIRTH = "id_birth"
    ID_CHECK = "id_check"
    MOBILE = "mobile"
    NAME_LENGTH = "name_length"
    NAME_CHARACTERS = "name_characters"

    @property
    def text(self) -> str:
        """Explain it to the person who typed it."""
        return _TEXTS[self]


_TEXTS = {
    Fault.ID_LENGTH: "身份证号应为18位，请检查是否少输或多输了",
    Fault.ID_CHARACTERS: "身份证号只能是数字，最后一位可以是X",
    Fault.ID_AREA: "身份证号开头的地区代码不存在，请核对",
    Fault.ID_BIRTH: "身份证号中的出生日期不正确，请核对",
    Fault.ID_CHECK: "身份证号与校验码不符，请逐位核对",
    Fault.MOBILE: "请填写11位中国大陆手机号",
    Fault.NAME_LENGTH: "请填写姓名，最多50个字",
    Fault.NAME_CHARACTERS: "姓名中有不能使用的字符，请重新填写",
}


class Malformed(ValueError):
    """An entry that cannot be right, with the reason why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Sex(StrEnum):
    """Sex as the number tells it [性别]."""

    MALE = "male"
    FEMALE = "female"


class Document(StrEnum):
    """Which card carries the number."""

    RESIDENT_CARD = "resident_card"  # 居民身份证
    RESIDENCE_PERMIT = "residence_permit"  # 港澳台居民居住证
    PERMANENT_RESIDENT_CARD = "permanent_resident_card"  # 外国人永久居留身份证


class Title(StrEnum):
    """A professional's rank [职称], as rules on prescribing ask for it."""

    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    ASSOCIATE_SENIOR = "associate_senior"
    SENIOR = "senior"

    @property
    def label(self) -> str:
        """Name it as certificates do."""
        return dict(zip(Title, ("初级", "中级", "副高级", "正高级"), strict=True))[self]


def rank_of(title: str) -> Title:
    """Read the rank [职称级别] from a title as certificates write it; unknown ones are junior."""
    return next((rank for word, rank in _RANKS if word in title), Title.JUNIOR)


# The first that fits: 副主任医师 contains 主任.
_RANKS = (
    ("副主任", Title.ASSOCIATE_SENIOR),
    ("主任", Title.SENIOR),
    ("主治", Title.INTERMEDIATE),
    ("主管", Title.INTERMEDIATE),
)


@dataclass(frozen=True)
class IdNumber:
    """A well-formed 18-character number [公民身份号码] and what it tells."""

    number: str
    document: Document
    born_on: date
    sex: Sex

    def __repr__(self) -> str:
        return "IdNumber(…)"  # a log must never show it

    __str__ = __repr__


def id_number(text: str, today: date) -> IdNumber:
    """Read an ID number as people type it: any width, small x, spaces, or 15 old digits."""
    number = _upgraded(_plain(text))
    _require(len(number) == 18, Fault.ID_LENGTH)
    _require(re.fullmatch(r"[0-9]{17}[0-9X]", number) is not None, Fault.ID_CHARACTERS)
    document = _document(number)
    born_on = _birth_date(number, today)
    _require(check_character(number[:17]) == number[17], Fault.ID_CHECK)
    return IdNumber(number, document, born_on, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


def check_character(body: str) -> str:
    """Compute the eighteenth character from the seventeen before it."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return CHECK_CHARACTERS[total % 11]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).upper()  # Ｘ and Ⅹ become X, ０ becomes 0
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in _FILLERS)


def _upgraded(number: str) -> str:
    if not re.fullmatch(r"[0-9]{15}", number):
        return number
    body = f"{number[:6]}19{number[6:]}"  # 15 digits were given out until 1999 only
    return body + check_character(body)


def _document(number: str) -> Document:
    if number[0] == "9":
        return Document.PERMANENT_RESIDENT_CARD
    _require(PROVINCE.match(number) is not None, Fault.ID_AREA)
    if number[:2] in ("81", "82", "83"):
        _require(number[2:6] == "0000", Fault.ID_AREA)
        return Document.RESIDENCE_PERMIT
    return Document.RESIDENT_CARD


def _birth_date(number: str, today: date) -> date:
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Malformed(Fault.ID_BIRTH) from None
    _require(born_on.year >= OLDEST_BIRTH_YEAR and born_on <= today, Fault.ID_BIRTH)
    return born_on


def mobile_number(text: str) -> str:
    """Read a mainland mobile number [手机号] with or without +86, in any width."""
    found = re.fullmatch(r"(?:\(?\+?(?:00)?86\)?)?(1[3-9][0-9]{9})", _plain(text))
    if found is None:
        raise Malformed(Fault.MOBILE)
    return found[1]


def person_name(text: str) -> str:
    """Read a name [姓名]: rare characters are kept, every interpunct is written ·."""
    name = unicodedata.normalize("NFC", text).translate(_INTERPUNCTS)
    name = re.sub("[ \u3000\u00a0]+", " ", name).strip()
    name = re.sub(" ?· ?", "·", name)
    _require(0 < len(name) <= NAME_LENGTH, Fault.NAME_LENGTH)
    _require(all(map(_may_stand_in_name, name)), Fault.NAME_CHARACTERS)
    _require(_is_letter(name[0]) and name[-1] not in "· -", Fault.NAME_CHARACTERS)
    return name


def _may_stand_in_name(c: str) -> bool:
    return _is_letter(c) or unicodedata.category(c)[0] == "M" or c in "· -'’"


def _is_letter(c: str) -> bool:
    return c.isalpha() or c == "〇" or ord(c) in _RARE


def _require(holds: bool, fault: Fault) -> None:
    if not holds:
        raise Malformed(fault)
