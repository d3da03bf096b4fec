"""What can be refused about absences."""

from backend.kernel.errors import Conflict, RuleBroken


class AbsenceOverlaps(Conflict):
    """The person is away in these days already, or stands in for somebody."""

    code = "absence-overlaps"
    title = "请假日期有冲突"
    advice = "这些日子里已有请假，或正在为别人代班；请先结束那一段，或调整日期。"


class DeputyAway(Conflict):
    """The deputy is away in these days."""

    code = "deputy-away"
    title = "代班人也在请假"
    advice = "代班人在这些日子里也请假，请换一位代班人。"


class UnfitDeputy(RuleBroken):
    """The deputy must work here, in the same kind of role, through all of these days."""

    code = "unfit-deputy"
    title = "不能由此人代班"
    advice = "代班人应为同一机构、同类岗位的在职人员，并且不能是本人。"
