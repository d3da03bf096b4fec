"""How contracting says no, and what to do next."""

from backend.kernel.errors import Conflict, RuleBroken


class AlreadySigned(Conflict):
    """FD-2: one family-doctor team at a time."""

    code = "already-signed"
    title = "您已有家庭医生签约"
    advice = (
        "同一时间只能与一个家庭医生团队签约。如要更换，请先在“我的签约”里撤回或解除现在的这一份。"
    )


class NotAccepting(Conflict):
    """The team takes no new residents now."""

    code = "team-not-accepting"
    title = "这个团队暂不接受签约"
    advice = "这个团队暂时不接受新的签约，请选择附近的其他团队。"


class TeamFull(Conflict):
    """FD-6: the team's doctors have as many residents as they may have."""

    code = "team-full"
    title = "这个团队签约已满"
    advice = "这个团队的签约人数已满，请选择附近的其他团队。"


class DoctorFull(Conflict):
    """FD-6: this doctor has as many residents as one doctor may have."""

    code = "doctor-full"
    title = "这位医生签约已满"
    advice = "这位医生的签约人数已满，请由团队里的其他医生接收，或另选一个团队。"


class TeamDoctorNeeded(Conflict):
    """FD-4: whoever stands in for nobody of the team cannot name its family doctor."""

    code = "team-doctor-needed"
    title = "请由团队的医生接收"
    advice = "您现在不是这个团队的医生，也没有替其中的医生代班；请由团队的医生接收这份申请。"


class AgreementChanged(Conflict):
    """What is confirmed is not the text as it stands now."""

    code = "agreement-changed"
    title = "协议文本有变化"
    advice = "协议文本有更新，请重新打开，读完最新的内容后再确认。"


class TermNotOffered(RuleBroken):
    """FD-3: the region does not offer this term."""

    code = "term-not-offered"
    title = "没有这个签约期限"


class ReasonNotYours(RuleBroken):
    """FD-13: this reason is not for a resident to give."""

    code = "reason-not-yours"
    title = "请选择其他原因"
    advice = "请在列出的解约原因中选择一项。"
