"""How family proxies are refused, and what to do next."""

from backend.kernel.errors import Conflict, Forbidden, NotFound, RuleBroken


class CodeUnknown(NotFound):
    """No invitation of this code is open for this person."""

    code = "invitation-unknown"
    title = "邀请码无效"
    advice = "邀请码不对、已经用过或超过24小时，或者不是发给您的。请让家人重新发一个。"


class NotForOneself(RuleBroken):
    """Nobody is a proxy of themselves."""

    code = "not-for-oneself"
    title = "不能授权给本人"
    advice = "本人办理不需要授权，请选择另一位家人。"


class AdultsOnly(RuleBroken):
    """Only adults let others act for them, and only adults act."""

    code = "adults-only"
    title = "须年满18周岁"
    advice = "家庭代办的双方都须年满18周岁；未成年人由父母或其他监护人到社区窗口登记。"


class NotAMinor(RuleBroken):
    """A guardian acts for a child."""

    code = "not-a-minor"
    title = "本人已年满18周岁"
    advice = "本人已年满18周岁，不再由监护人代办；请由本人授权家人代办。"


class TermTooLong(RuleBroken):
    """The region lets nobody agree for so long."""

    code = "proxy-term"
    title = "授权期限不合适"


class KinshipNotFit(RuleBroken):
    """A guardian is a parent or another guardian; nobody else is."""

    code = "kinship-not-fit"
    title = "与本人关系不合适"
    advice = "监护人登记请选择父亲、母亲或监护人；其他家人请办理家庭代办授权。"


class ProofNeeded(RuleBroken):
    """A guardian is known by a birth certificate, the household register or a ruling."""

    code = "proof-needed"
    title = "需要监护关系证明"
    advice = "请核对出生医学证明、户口本或监护关系判决等原件，并填写编号。"


class TooManyProxies(Conflict):
    """As many act for this person as may."""

    code = "too-many-proxies"
    title = "代办家人已满"

    def __init__(self, most: int) -> None:
        super().__init__(f"一个人最多可由 {most} 位家人代办。请先停止其中一位的授权，再添加新的。")


class TooManyPeople(Conflict):
    """This person acts for as many as one may."""

    code = "too-many-people"
    title = "代办人数已满"

    def __init__(self, most: int) -> None:
        super().__init__(f"一个人最多为 {most} 位家人代办。请先放弃其中一位，再添加新的。")


class TooManyAsked(Conflict):
    """Several requests wait for an answer already."""

    code = "too-many-asked"
    title = "等待答复的申请太多"
    advice = "您已有几个申请在等家人确认，请等答复或过期后再申请。"


class NotYoursToWiden(Forbidden):
    """What a guardian may do before the child has a say is the law's, not the app's."""

    code = "guardian-fixed"
    title = "监护人的权限不能在这里更改"
    advice = "监护人的基本权限由法律规定。如监护关系有变化，请带证明到社区窗口办理。"


class SameHands(Forbidden):
    """Who recorded it, or gains by it, is no witness."""

    code = "same-hands"
    title = "请由另一位同事见证"
    advice = "窗口代办授权须由两位不同的工作人员经手，且都不能是代办人本人。"
