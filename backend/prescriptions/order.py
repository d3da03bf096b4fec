"""What a long prescription consists of [长期处方]: drugs, doses, and what was done beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class DrugClass(StrEnum):
    """How the law controls a drug [药品管理类别]."""

    ORDINARY = "ordinary"
    TOXIC = "toxic"
    RADIOACTIVE = "radioactive"
    PRECURSOR = "precursor"
    NARCOTIC = "narcotic"
    PSYCHOTROPIC_1 = "psychotropic_1"
    PSYCHOTROPIC_2 = "psychotropic_2"
    ANTIMICROBIAL = "antimicrobial"
    SPECIAL_STORAGE = "special_storage"

    @property
    def label(self) -> str:
        """Name it as the rule does."""
        return _CLASSES[self]


_CLASSES = {
    DrugClass.ORDINARY: "普通药品",
    DrugClass.TOXIC: "医疗用毒性药品",
    DrugClass.RADIOACTIVE: "放射性药品",
    DrugClass.PRECURSOR: "易制毒药品",
    DrugClass.NARCOTIC: "麻醉药品",
    DrugClass.PSYCHOTROPIC_1: "第一类精神药品",
    DrugClass.PSYCHOTROPIC_2: "第二类精神药品",
    DrugClass.ANTIMICROBIAL: "抗微生物药物",
    DrugClass.SPECIAL_STORAGE: "对贮存条件有特殊要求的药品",
}


class Turn(StrEnum):
    """Whether a long prescription begins or goes on."""

    FIRST = "first"
    RENEWAL = "renewal"


class Stop(StrEnum):
    """What ends a series of long prescriptions (LP-11)."""

    TARGET_NOT_MET = "target_not_met"
    OTHER_DISEASE = "other_disease"
    HOSPITALISED = "hospitalised"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Drug:
    """One entry of the formulary [药品目录]."""

    code: str
    name: str  # 通用名
    drug_class: DrugClass
    atc: str
    strength: str  # 规格, e.g. 5mg
    unit: str  # 计量单位, e.g. 片
    pack_size: int  # units in a pack


@dataclass(frozen=True, kw_only=True)
class Line:
    """One drug of a prescription; dose and quantity are counted in the drug's unit."""

    drug: Drug
    dose: Decimal
    times_per_day: Decimal
    quantity: int
    usage: str  # 用法, e.g. 口服，每日一次

    def __post_init__(self) -> None:
        if min(self.dose, self.times_per_day) <= 0 or self.quantity <= 0:
            raise ValueError("剂量、每日次数和数量都应大于0")

    @property
    def days_supply(self) -> int:
        """Count the whole days that the quantity lasts."""
        return int(self.quantity // (self.dose * self.times_per_day))


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a doctor is about to prescribe, and what has been done beforehand."""

    diagnoses: Sequence[str]  # ICD-10
    lines: Sequence[Line]
    days: int
    turn: Turn
    prescriber_title: str
    condition_stable: bool  # LP-1: clear diagnosis, stable regimen and condition, good adherence
    assessed: bool = False
    educated: bool = False
    confirmed: bool = False  # by the resident
    since_last: frozenset[Stop] = frozenset()
    in_hand: Mapping[str, int] = field(default_factory=dict)  # days left, by drug code


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What the doctor found and did before prescribing (LP-4, LP-9); counts once it is noted."""

    stable: bool
    adherent: bool
    plan_fits: bool
    educated: bool
    note: str | None

    @property
    def fits(self) -> bool:
        """Whether the resident may have a long prescription at all (LP-1)."""
        return self.stable and self.adherent and self.plan_fits


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """One drug as the doctor writes it, by its code in the formulary."""

    drug: str
    dose: Decimal
    times_per_day: Decimal
    quantity: int
    usage: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the doctor writes; judged before it becomes a prescription.

    `since_last` is what happened since the last one (LP-11); `extended` lets it be dispensed on
    three days instead of one (RX-3).
    """

    diagnoses: Sequence[str]
    lines: Sequence[DraftLine]
    days: int
    assessment: Assessment
    since_last: frozenset[Stop] = frozenset()
    extended: bool = False
