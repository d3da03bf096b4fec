"""How the product says no: every refusal has a stable code, a kind text and a next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: a JSON pointer into the request and what is wrong, in Chinese."""

    pointer: str
    detail: str


class Refusal(Exception):
    """Nothing was changed; `detail` tells the person what to do next."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "办理未成功"
    advice: ClassVar[str] = "请稍后再试，或联系您的家庭医生团队。"

    def __init__(self, detail: str | None = None, *, faults: Sequence[Fault] = ()) -> None:
        self.detail = detail or self.advice
        self.faults = tuple(faults)
        super().__init__(f"{self.code}: {self.detail}")


class NotFound(Refusal):
    """It does not exist, or this person may not know of it."""

    code = "not-found"
    title = "没有找到"
    advice = "没有找到您要的内容，请返回上一页刷新后再试。"


class Unauthenticated(Refusal):
    """We do not know who is asking."""

    code = "unauthenticated"
    title = "请先登录"
    advice = "登录已过期或无效，请重新登录。"


class Forbidden(Refusal):
    """The person may see it but may not do this."""

    code = "forbidden"
    title = "您不能这样操作"
    advice = "您没有办理这件事的权限；如有需要，请联系您所在的机构。"


class LevelNeeded(Forbidden):
    """The act needs a better known person; `level` is the one it needs (phone, verified)."""

    level: ClassVar[str]


class PhoneNeeded(LevelNeeded):
    """The act needs a phone number first."""

    code = "phone-needed"
    level = "phone"
    title = "请先绑定手机号"
    advice = "请先点“绑定手机号”，以便我们在需要时联系到您。"


class IdentityNeeded(LevelNeeded):
    """The act needs a resident whose identity is verified."""

    code = "identity-needed"
    level = "verified"
    title = "请先完成实名认证"
    advice = "这件事需要先确认您是本人：请到“我的”页面，用姓名和证件号码完成实名认证。"


class ConsentNeeded(Forbidden):
    """No health data before its separate consent (PIPL 29)."""

    code = "consent-needed"
    title = "请先阅读并同意健康信息使用说明"
    advice = "在您单独同意之前，我们不会保存任何健康信息；请先阅读同意书。"


class PersonNeeded(Refusal):
    """The request does not say for whom it is made."""

    code = "person-needed"
    title = "请选择为谁办理"
    advice = "请先选择为本人还是为家人办理，再继续。"


class StepUpNeeded(Forbidden):
    """The act needs the second factor again, given a moment ago."""

    code = "step-up-needed"
    title = "请再次验证身份"
    advice = "这一步需要再次输入动态验证码，验证后十分钟内有效。"


class LeavesTrace(Refusal):
    """What the refused act wrote stays: it counts the failures, or ends what was misused."""


class ScopeNeeded(Forbidden):
    """The person has not allowed this family member to do such things."""

    code = "scope-needed"
    title = "家人没有授权您办理这一项"
    words: ClassVar[dict[str, str]] = {
        "book": "预约挂号",
        "results": "查看健康记录",
        "sign": "签约和续方",
        "reminders": "接收提醒",
    }

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"您没有代办“{self.words[scope]}”的授权。请让家人在自己的手机上，或带证件到社区窗口，增加这一项。"
        )


class NotForProxies(Forbidden):
    """Only the person may do it, never a family member."""

    code = "not-for-proxies"
    title = "这件事只能由本人办理"
    advice = "为了保护本人，这件事家人不能代办；请由本人在自己的手机上，或带证件到社区窗口办理。"


class Conflict(Refusal):
    """The act does not fit what is true now."""

    code = "conflict"
    title = "情况已经变化"
    advice = "情况已经变化，请刷新后再看。"


class NotNow(Conflict):
    """What a family member hears of whatever the person's own affairs forbid, seen or hidden."""

    code = "not-now"
    title = "现在不能办理"
    advice = "现在不能为家人办理这一项，请换一个时间，或由本人办理。"


class RuleBroken(Refusal):
    """A rule forbids it; `clause` names the rule."""

    code = "rule-broken"
    title = "不符合规定"

    def __init__(
        self, detail: str | None = None, *, clause: str, faults: Sequence[Fault] = ()
    ) -> None:
        super().__init__(detail, faults=faults)
        self.clause = clause


class Invalid(Refusal):
    """The request was understood but its content cannot be right."""

    code = "invalid"
    title = "填写有误"
    advice = "请按提示改正后再提交。"


class TooMany(Refusal):
    """Too often in too short a time; `retry_after_s` says when it may be tried again."""

    code = "too-many"
    retry_after_s: int = 60
    title = "操作太频繁"
    advice = "操作太频繁了，请等一分钟再试。"


class Malformed(Refusal):
    """The request cannot be read."""

    code = "malformed"
    title = "请求无法识别"
    advice = "提交的内容无法识别，请更新小程序后再试。"


class Unavailable(Refusal):
    """Something beyond us does not answer."""

    code = "unavailable"
    title = "服务暂时繁忙"
    advice = "这次没有办成，请过一会儿再试。"
