"""How the follow-up programmes say no."""

from backend.kernel.errors import Conflict, RuleBroken


class AlreadyEnrolled(Conflict):
    """One live enrolment per resident and programme."""

    code = "already-enrolled"
    title = "已在管理中"
    advice = "这位居民已经在这个随访项目中，无需重复建档。"


class NotSigned(Conflict):
    """Only a team with a contract in force follows up."""

    code = "not-signed"
    title = "还没有生效的签约"
    advice = "这位居民目前没有生效的签约，请先完成家庭医生签约。"


class TooYoung(RuleBroken):
    """The programme is for adults from an age on."""

    code = "too-young-for-programme"
    title = "未到纳入年龄"


class DayOutOfRange(RuleBroken):
    """A day that the plan or the record cannot have."""

    code = "day-out-of-range"
    title = "日期不合适"
