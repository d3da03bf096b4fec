"""Why a seat cannot be had or given back; each says what can be done instead."""

from backend.kernel.errors import Conflict


class SessionFull(Conflict):
    """No seat is left."""

    code = "session-full"
    title = "这场门诊已约满"
    advice = "这场门诊的号已约满。您可以看看同一科室的其他场次，或请家庭医生团队帮您安排。"


class SeatTaken(Conflict):
    """The seat that was asked for is gone; others may be left."""

    code = "seat-taken"
    title = "这个号刚被约走"
    advice = "您选的号或时段刚被约走，请刷新后另选一个。"


class OwnBookings(Conflict):
    """It tells of the person's other bookings, some of which family members may not know of."""


class AlreadyBooked(OwnBookings):
    """The person has a seat in this session."""

    code = "already-booked"
    title = "您已约过这场门诊"
    advice = "您已经约好这场门诊，不用再约；可在“我的预约”里查看就诊时间。"


class SessionOver(Conflict):
    """The session has begun or is over."""

    code = "past"
    title = "这场门诊已经开始"
    advice = "这场门诊已经开始或结束，请选择以后的场次。"


class TooLate(Conflict):
    """Booking has closed for this session."""

    code = "too-late"
    title = "网上预约已截止"
    advice = "这场门诊马上开始，网上预约已截止。请到社区窗口问问是否还能加号，或选择以后的场次。"


class NotReleased(Conflict):
    """The session's seats are not released yet."""

    code = "not-released"
    title = "还没有开始放号"
    advice = "这场门诊还没有开始放号，请在页面上写明的放号时间以后再来预约。"


class Overlapping(OwnBookings):
    """The person has another seat at that time."""

    code = "overlapping"
    title = "时间和您的另一个预约冲突"
    advice = "这个时间您已有别的预约。请换一个时段，或先取消原来的预约。"


class OverLimit(OwnBookings):
    """The person has as many seats as the region grants."""

    code = "over-limit"
    title = "预约次数已满"


class SessionEnded(Conflict):
    """The session was held; nobody can be told not to come."""

    code = "session-ended"
    title = "这场门诊已经结束"
    advice = "这场门诊已经结束，不能再停诊了。"


class SessionNotHeld(Conflict):
    """The session was cancelled."""

    code = "session-cancelled"
    title = "这场门诊已停诊"
    advice = "这场门诊已停诊，请选择其他场次，或请家庭医生团队帮您安排。"


class TooLateToCancel(Conflict):
    """The seat can no longer be given back by oneself."""

    code = "too-late-to-cancel"
    title = "网上取消已截止"
    advice = "离就诊时间太近，网上不能取消了。如果来不了，请打电话告诉社区窗口，谢谢您。"


class TooLateToMove(Conflict):
    """The seat can no longer be changed for another by oneself."""

    code = "too-late-to-move"
    title = "网上改约已截止"
    advice = "离就诊时间太近，网上不能改约了。请打电话告诉社区窗口，工作人员会帮您安排。"


class SameSeat(Conflict):
    """It is the seat that the person has."""

    code = "same-seat"
    title = "您约的就是这个号"
    advice = "您现在约的就是这一场的这个号，不用改。想换时间，请选另一个号或另一场。"


class SeatsKept(Conflict):
    """Seats are left, for a quota that the person does not belong to, for now."""

    code = "seats-kept"
    title = "普通号已约满"
    advice = (
        "剩下的号暂时留给签约居民、家庭医生或转诊使用，没用完的会在就诊前放出来。"
        "您可以加入候补，或请家庭医生团队帮您预约。"
    )


class Resting(OwnBookings):
    """Too many seats that nobody sat on: online booking rests for a while, nothing else does."""

    code = "resting"
    title = "网上预约暂停使用"
    advice = (
        "近期有几次预约没有来，网上自助预约暂停一段时间。您仍可到社区窗口或请家庭医生预约；"
        "如果记录有误，请在“爽约记录”里说明原因。"
    )


class OfferOver(Conflict):
    """What was offered or held was not confirmed in time."""

    code = "offer-over"
    title = "保留时间已过"
    advice = "为您保留的号已过了确认时间。您可以重新预约，或加入候补。"


class RosterClash(Conflict):
    """Rosters cannot be published as they are; `faults` point into each of them."""

    code = "roster-clash"
    title = "排班有冲突"
    advice = "排班有冲突，还没有发布。请按提示调整时间、诊室或专家，再发布一次。"


class NotEquivalent(Conflict):
    """It is no seat that may be given instead of the lost one."""

    code = "not-equivalent"
    title = "这场门诊不在可改约的范围"
    advice = "请从列出的场次里选一个；想约别的门诊，可以另外预约，或请社区窗口打电话帮您安排。"


class NothingKept(Conflict):
    """No seat is kept for the person just now."""

    code = "nothing-kept"
    title = "现在没有为这位居民保留的号"
    advice = "保留的号可能已过期。请从列出的场次里另选一个，或稍后再看。"


class NoChange(Conflict):
    """Everything is so already."""

    code = "no-change"
    title = "没有改动"
    advice = "您填的和现在一样，没有改动。请填写新的时间、地点或专家。"


class NeverSeated(Conflict):
    """Ward rounds and teaching have no seats that anybody could book."""

    code = "never-seated"
    title = "这一场不放号"
    advice = "查房和带教不放号，不能加号或减号。要接受预约，请另外新增一场门诊。"


class ExpertElsewhere(Conflict):
    """The expert sits somewhere else at that hour."""

    code = "expert-elsewhere"
    title = "专家这个时间另有门诊"
    advice = "这位专家这个时间已有别的门诊，请换一个时间或另一位专家。"


class SeatsToDecide(Conflict):
    """More people have a seat than would be left; `faults` names each of them by booking."""

    code = "seats-to-decide"
    title = "先决定哪些预约要退"
    advice = "已约人数超过减号后的号数。请为列出的预约逐一决定，再提交；被退的人会收到改约的号。"


class GivenBack(OwnBookings):
    """The person took seats of this session again and again, and gave them back."""

    code = "given-back"
    title = "这场门诊您已多次退号"
    advice = "您在这场门诊已经几次约了又退，网上不能再约这一场。请换一场，或到社区窗口办理。"


class TooManyProposals(Conflict):
    """The doctor keeps as many seats of this session as may wait for an answer."""

    code = "too-many-proposals"
    title = "这场门诊等待确认的代约太多"
    advice = "您在这场门诊代约的号还没有得到确认。请先等居民答复，或换一场门诊。"


class ProposalUnanswered(Conflict):
    """The resident did not want, or did not answer, what was kept for them there."""

    code = "proposal-unanswered"
    title = "居民没有确认上一次代约"
    advice = "这场门诊已经为这位居民留过号，本人没有确认。请先和本人联系，由本人预约或到窗口办理。"
