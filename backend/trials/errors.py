"""How trials say no."""

from backend.kernel.errors import Conflict, Forbidden, Invalid


class NotAllowed(Conflict):
    """The region tries no wordings on people."""

    code = "trials-not-allowed"
    title = "本地没有开放文案试验"
    advice = "本地区没有开放文案试验；如需开放，请先通过伦理审查，再由运维人员修改地区配置。"


class NotTriable(Invalid):
    """A kind whose outcome is not known, or a wording that does not fit."""

    code = "not-triable"
    title = "这类消息或文案不能试验"
    advice = (
        "只能试验就诊前提醒；文案不超过 20 个字，与现用文案不同，并且不提疾病、药品、姓名和号码。"
    )


class ItsOwnApproval(Forbidden):
    """Who proposed a trial approves it."""

    code = "own-approval"
    title = "需要另一位管理人员审批"
    advice = "提出试验的人不能自己审批，请由另一位医联体管理人员核对伦理审查结论后审批。"


class AnotherRuns(Conflict):
    """Another trial of the kind runs."""

    code = "another-trial-runs"
    title = "这类消息已有一个试验在进行"
    advice = "请等它结束，或先停止它。"
