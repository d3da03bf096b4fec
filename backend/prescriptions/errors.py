"""What can be refused on the way to the drugs."""

from collections.abc import Sequence

from backend.kernel.errors import Conflict, Fault, RuleBroken
from backend.prescriptions.rules import Refusal


class UnknownDrug(RuleBroken):
    """The formulary does not list it."""

    code = "unknown-drug"
    title = "目录中没有这种药品"
    advice = "有的药品不在用药目录中，请从目录里重新选择。"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(clause="LP-15", faults=faults)


class NotLawful(RuleBroken):
    """One clause or several forbid it; the first is named, all are listed."""

    code = "prescription-refused"
    title = "这张长处方不符合规定"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        faults = [Fault(refusal.pointer, refusal.text) for refusal in refusals]
        super().__init__(f"{refusals[0].text}。", clause=refusals[0].clause, faults=faults)


class ContractNeeded(RuleBroken):
    """Only a signed team can look after a long prescription."""

    code = "contract-needed"
    title = "请先与家庭医生签约"
    advice = "长处方由您签约的家庭医生开具。请先选择附近的家庭医生团队签约，再来申请。"


class AlreadyOpen(Conflict):
    """One at a time."""

    code = "prescription-open"
    title = "您已有一张长处方正在办理"
    advice = "您已有一张长处方正在办理，请在“我的长处方”里查看；不需要时可以先撤回。"


class TextChanged(Conflict):
    """What is confirmed is not what would be shown now."""

    code = "text-changed"
    title = "确认内容已更新"
    advice = "确认书的内容有更新，请重新阅读后再确认。"


class Lapsed(RuleBroken):
    """Its days of validity are over (RX-3)."""

    code = "prescription-lapsed"
    title = "处方已过有效期"
    advice = "这张处方已过有效期，不能再审核或发药；请联系开方医生重新开具。"


class IdsNotSeen(RuleBroken):
    """Somebody else collects only with both ID cards (LP-6)."""

    code = "ids-not-seen"
    title = "请核对两人的身份证"
    advice = "由他人代取时，请核对患者本人和代取人的身份证后再发药。"
