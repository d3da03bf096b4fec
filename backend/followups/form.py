"""The words and codes of the follow-up form [高血压患者随访服务记录表]."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Symptom(IntEnum):
    """The form's symptoms [症状]."""

    NONE = 1
    HEADACHE_OR_DIZZINESS = 2
    NAUSEA_OR_VOMITING = 3
    BLURRED_EYES_OR_TINNITUS = 4
    BREATHLESSNESS = 5
    PALPITATION_OR_CHEST_TIGHTNESS = 6
    LASTING_NOSEBLEED = 7
    NUMB_LIMBS = 8
    SWOLLEN_LEGS = 9

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return _SYMPTOMS[self - 1]


_SYMPTOMS = (
    "无症状",
    "头痛头晕",
    "恶心呕吐",
    "眼花耳鸣",
    "呼吸困难",
    "心悸胸闷",
    "鼻衄出血不止",
    "四肢发麻",
    "下肢水肿",
)


class Sign(StrEnum):
    """Signs of an emergency [危急情况], whatever the pressure (H-0)."""

    ALTERED_CONSCIOUSNESS = "altered_consciousness"
    SEVERE_HEADACHE_OR_DIZZINESS = "severe_headache_or_dizziness"
    NAUSEA_OR_VOMITING = "nausea_or_vomiting"
    BLURRED_VISION = "blurred_vision"
    EYE_PAIN = "eye_pain"
    PALPITATION_OR_CHEST_TIGHTNESS = "palpitation_or_chest_tightness"
    ORTHOPNOEA = "orthopnoea"
    OTHER_DISEASE_BEYOND_CENTRE = "other_disease_beyond_centre"

    @property
    def label(self) -> str:
        """Name it as the standard does."""
        return _SIGNS[self]


_SIGNS = {
    Sign.ALTERED_CONSCIOUSNESS: "意识改变",
    Sign.SEVERE_HEADACHE_OR_DIZZINESS: "剧烈头痛或头晕",
    Sign.NAUSEA_OR_VOMITING: "恶心呕吐",
    Sign.BLURRED_VISION: "视力模糊",
    Sign.EYE_PAIN: "眼痛",
    Sign.PALPITATION_OR_CHEST_TIGHTNESS: "心悸、胸闷",
    Sign.ORTHOPNOEA: "喘憋不能平卧",
    Sign.OTHER_DISEASE_BEYOND_CENTRE: "存在不能处理的其他疾病",
}


class Reaction(StrEnum):
    """Adverse drug reaction [药物不良反应]."""

    NONE = "none"
    PRESENT = "present"
    HARD_TO_CONTROL = "hard_to_control"


class Complication(StrEnum):
    """What is new about complications [并发症]."""

    NO_CHANGE = "no_change"
    NEW = "new"
    WORSE = "worse"


class Control(IntEnum):
    """The form's class of a visit [此次随访分类]; the highest that applies is recorded (C-2)."""

    CONTROLLED = 1
    UNSATISFIED = 2
    ADVERSE_REACTION = 3
    COMPLICATION = 4

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return ("控制满意", "控制不满意", "不良反应", "并发症")[self - 1]


class Advice(StrEnum):
    """What is to be done, mildest first."""

    ROUTINE = "routine"
    RECHECK = "recheck"
    REFER = "refer"
    REFER_NOW = "refer_now"

    @property
    def severity(self) -> int:
        """Place it in the order from mild to grave."""
        return list(Advice).index(self)

    @property
    def label(self) -> str:
        """Name it for staff."""
        return ("按期随访", "两周内复查", "建议转诊", "紧急转诊")[self.severity]


class Reason(IntEnum):
    """Why a referral is advised [转诊原因], by the codes in use."""

    UNCONTROLLED_TWICE = 1
    REACTION_HARD_TO_CONTROL = 2
    NEW_COMPLICATION = 3
    COMPLICATION_WORSE = 4
    EMERGENCY = 5

    @property
    def label(self) -> str:
        """Name it as the dictionary does."""
        return _REASONS[self - 1]


_REASONS = (
    "连续两次出现血压控制不满意",
    "药物不良反应难以控制",
    "出现新的并发症",
    "原有并发症加重",
    "危急情况",
)


class Way(IntEnum):
    """How the visit was made [随访方式]."""

    CLINIC = 1
    HOME = 2
    PHONE = 3

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return ("门诊", "家庭", "电话")[self - 1]


class Effect(IntEnum):
    """What became of the person in the programme [转归]."""

    CONTINUES = 1
    TEMPORARILY_LOST = 2
    ENDED = 9


class EndReason(IntEnum):
    """Why the programme ended [终止原因]."""

    DEATH = 1
    MOVED = 2
    LOST = 3
    REFUSED = 4

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return ("死亡", "迁出", "失访", "拒绝")[self - 1]


class Adherence(IntEnum):
    """Whether the medicine is taken [服药依从性]."""

    REGULAR = 1
    INTERRUPTED = 2
    NONE = 3

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return ("规律", "间断", "不服药")[self - 1]


class Salt(IntEnum):
    """How salty the meals are [摄盐情况]."""

    LIGHT = 1
    MIDDLING = 2
    HEAVY = 3

    @property
    def label(self) -> str:
        """Name it as the form does."""
        return ("轻", "中", "重")[self - 1]


class Obstacle(StrEnum):
    """Why no reading came of a follow-up; each an honest way out (C-3)."""

    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    MOVED = "moved"
    DIED = "died"

    @property
    def always_ends(self) -> bool:
        """Whether the programme ends with it, whatever the team says."""
        return self in (Obstacle.MOVED, Obstacle.DIED)

    @property
    def end_reason(self) -> EndReason:
        """The form's reason where the programme ends with it."""
        return _END_REASONS[self]


_END_REASONS = {
    Obstacle.NOT_REACHED: EndReason.LOST,
    Obstacle.WRONG_NUMBER: EndReason.LOST,
    Obstacle.REFUSED: EndReason.REFUSED,
    Obstacle.MOVED: EndReason.MOVED,
    Obstacle.DIED: EndReason.DEATH,
}


class Outcome(StrEnum):
    """How a follow-up ended; only `SEEN` counts as done."""

    SEEN = "seen"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    MOVED = "moved"
    DIED = "died"

    @property
    def label(self) -> str:
        """Name it for people."""
        names = ("已随访", "未联系上", "号码有误", "本次谢绝", "已迁出", "已去世")
        return names[list(Outcome).index(self)]


@dataclass(frozen=True, kw_only=True)
class Lifestyle:
    """What the form asks about habits; amounts are a day's, alcohol in 两 of spirits."""

    weight_kg: float | None = None
    cigarettes: int | None = None
    alcohol: float | None = None
    exercise_per_week: int | None = None
    exercise_minutes: int | None = None
    salt: Salt | None = None


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found and heard at a visit, as the form has it."""

    way: Way
    systolic: int
    diastolic: int
    heart_rate: int | None = None
    symptoms: frozenset[Symptom] = frozenset()
    signs: frozenset[Sign] = frozenset()
    pregnant_or_lactating: bool = False
    reaction: Reaction = Reaction.NONE
    complication: Complication = Complication.NO_CHANGE
    adherence: Adherence | None = None
    lifestyle: Lifestyle = Lifestyle()
    note: str | None = None
