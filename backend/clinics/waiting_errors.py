"""Why somebody cannot wait for a seat, or need not; each says what can be done instead."""

from backend.clinics.errors import OwnBookings
from backend.kernel.errors import Conflict


class SeatsLeft(Conflict):
    """There is a seat to be booked: nobody has to wait."""

    code = "seats-left"
    title = "现在就有号"
    advice = "这场门诊现在还有号，不用候补，直接预约就可以。"


class TooManyWaiting(OwnBookings):
    """The person waits for as much as the region grants."""

    code = "too-many-waiting"
    title = "候补次数已满"


class TooManyUrgent(Conflict):
    """One doctor calls more urgent than the region grants."""

    code = "too-many-urgent"
    title = "加急名额已满"


class NotWaiting(Conflict):
    """The entry is not live, or somebody else was quicker."""

    code = "not-waiting"
    title = "候补已结束"
    advice = "这条候补已经有了结果，请刷新后再看。"


class NotEligible(Conflict):
    """Why a seat goes to the next person; `because` is kept on the entry."""

    code = "not-eligible"
    title = "暂时轮不到"
    advice = "现在还不能为您留号，您仍在候补名单上。"

    def __init__(self, because: str) -> None:
        super().__init__()
        self.because = because


class ConsentUnsaid(Conflict):
    """Who calls has to hear the yes."""

    code = "consent-unsaid"
    title = "请先取得本人口头同意"
    advice = "请在电话里问清本人是否要这个号，得到明确同意后再确认。"
