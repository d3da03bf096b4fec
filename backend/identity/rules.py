"""What a person's name and phone must be like before anyone asks whose they are."""

import re
import unicodedata
from enum import StrEnum

NAME_LENGTH = 50
MARKS_IN_A_ROW = 5  # Tibetan stacks reach four

_INTERPUNCTS = dict.fromkeys(map(ord, "•‧∙⋅・･．᛫⸱ꞏ●"), "·")
_BETWEEN = "· -'’.་"  # the last one stands between the syllables of a Tibetan name
# NFC would write other characters in place of these, which people have in their names.
_COMPATIBLE = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")
_FILLERS = frozenset({"Cf", "Pd"})  # direction marks that phones paste along, and dashes
_RARE = range(0x20000, 0x3FFFE)  # ideographs, the ones too new for this Python among them


class Fault(StrEnum):
    """Why an entry cannot be what it should be; the value is the code clients see."""

    ID_LENGTH = "id_length"
    ID_CHARACTERS = "id_characters"
    ID_AREA = "id_area"
    ID_BIRTH = "id_birth"
    ID_CHECK = "id_check"
    DOCUMENT_KIND = "document_kind"
    OLD_CARD = "old_card"
    BIRTH_CERTIFICATE = "birth_certificate"
    PASSPORT = "passport"
    COUNTRY = "country"
    COUNTRY_UNASKED = "country_unasked"
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
    Fault.DOCUMENT_KIND: "号码与所选的证件种类不符，请重新选择证件种类或核对号码",
    Fault.OLD_CARD: "旧版外国人永久居留证号码应为3个字母加12位数字，请核对",
    Fault.BIRTH_CERTIFICATE: "出生医学证明编号应为1个字母加9位数字，请核对",
    Fault.PASSPORT: "护照号码应为5到17位的字母和数字，请核对",
    Fault.COUNTRY: "请选择护照的签发国家或地区（三个字母的代码，如 GBR）",
    Fault.COUNTRY_UNASKED: "只有护照需要填写签发国家或地区",
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


def plain(text: str) -> str:
    """What was meant by a typed number: any width or case, with spaces, dashes and marks."""
    folded = unicodedata.normalize("NFKC", text)  # Ｘ and Ⅹ become X, ０ becomes 0
    kept = (c for c in folded if not c.isspace() and unicodedata.category(c) not in _FILLERS)
    number = "".join(kept)
    return number.upper() if number.isascii() else number  # elsewhere ß would become SS


def mobile_number(text: str) -> str:
    """Read a mainland mobile number [手机号] with or without +86, in any width."""
    found = re.fullmatch(r"(?:\(?\+?(?:00)?86\)?)?(1[3-9][0-9]{9})", plain(text))
    if found is None:
        raise Malformed(Fault.MOBILE)
    return found[1]


def person_name(text: str) -> str:
    """Read a name [姓名]: its letters are kept, every interpunct is written ·.

    What else is made one: composed accents (NFC), single spaces, none around the interpunct.
    """
    name = _composed(text).translate(_INTERPUNCTS)
    name = re.sub("[ \u3000\u00a0]+", " ", name).strip()
    name = re.sub(" ?· ?", "·", re.sub(r"(?<![A-Za-z])\.", "·", name))  # but John F. Kennedy
    require(0 < len(name) <= NAME_LENGTH, Fault.NAME_LENGTH)
    require(all(map(_may_stand_in_name, name)), Fault.NAME_CHARACTERS)
    require(_is_letter(name[0]) and name[-1] not in "· -", Fault.NAME_CHARACTERS)
    marks = "".join("M" if _is_mark(c) else "-" for c in name)
    require("M" * (MARKS_IN_A_ROW + 1) not in marks, Fault.NAME_CHARACTERS)
    return name


def _composed(text: str) -> str:
    parts = _COMPATIBLE.split(text)
    return "".join(
        part if _COMPATIBLE.match(part) else unicodedata.normalize("NFC", part) for part in parts
    )


def _may_stand_in_name(c: str) -> bool:
    return _is_letter(c) or _is_mark(c) or c in _BETWEEN


def _is_mark(c: str) -> bool:
    return unicodedata.category(c)[0] == "M"


def _is_letter(c: str) -> bool:
    return c.isalpha() or c == "〇" or ord(c) in _RARE


def require(holds: bool, fault: Fault) -> None:
    """Raise `Malformed` with this reason unless it holds."""
    if not holds:
        raise Malformed(fault)
