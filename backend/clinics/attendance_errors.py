"""Why somebody cannot be said to be there, called, or judged; each says what can be done."""

from backend.kernel.errors import Conflict


class CodeOver(Conflict):
    """It is no code of ours, or not today's."""

    code = "check-in-code-over"
    title = "这个签到码不能用"
    advice = "签到码每天更换。请扫社区今天张贴或屏幕上显示的签到码，或到窗口请工作人员帮您签到。"


class NothingHere(Conflict):
    """The person has no seat here."""

    code = "nothing-here"
    title = "今天这里没有您的预约"
    advice = (
        "今天在这里没有查到您的预约。请在“我的预约”里核对日期和地点，或到窗口请工作人员帮您看看。"
    )


class WrongHouse(Conflict):
    """The person's seat of today is in another house."""

    code = "wrong-house"
    title = "您今天的预约不在这里"


class WrongDay(Conflict):
    """The person has a seat here on another day."""

    code = "wrong-day"
    title = "您的预约不是今天"


class TooEarly(Conflict):
    """It is long before the session."""

    code = "too-early-to-check-in"
    title = "还没到签到时间"


class CheckInOver(Conflict):
    """The session has ended."""

    code = "check-in-over"
    title = "这场门诊已经结束"
    advice = "这场门诊已经结束，不能签到了。如果您当时在场，请今天内告诉窗口，工作人员可以更正。"


class NobodyWaits(Conflict):
    """Nobody is there to be called."""

    code = "nobody-waits"
    title = "现在没有人候诊"
    advice = "现在没有已签到、等候中的居民。有人签到后再叫号。"


class OutOfTurn(Conflict):
    """Others are before that person, and no reason was given."""

    code = "out-of-turn"
    title = "前面还有人在等"
    advice = "这位居民前面还有人在等。确需优先的，请写明原因后再叫。"


class NotCalled(Conflict):
    """Who was not called cannot be said not to have answered."""

    code = "not-called"
    title = "还没有叫到这位居民"
    advice = "请先叫号；叫到后没有应答的，再记“过号”。"


class CardUnknown(Conflict):
    """No card in force bears this code."""

    code = "card-unknown"
    title = "这张卡不能用"
    advice = (
        "这张就诊卡已停用或不是我们发的。请带证件到窗口，可以用姓名和证件签到，也可以补一张新卡。"
    )


class TooLateToCorrect(Conflict):
    """The day is over."""

    code = "too-late-to-correct"
    title = "当天的记录已不能更正"
    advice = "“未到”只能在当天更正。过后请由居民说明原因，再由您在“爽约说明”里处理。"


class TooLateToAppeal(Conflict):
    """It was noted too long ago."""

    code = "too-late-to-appeal"
    title = "说明的期限已过"
    advice = "这条记录的说明期限已过。您仍可到社区窗口当面说明，或请家庭医生帮您预约。"


class ByAnother(Conflict):
    """Who recorded the day does not judge what is said against it, where others are there."""

    code = "by-another"
    title = "请由同事处理"
    advice = "这一天的到诊是您记录的，居民的说明请由本机构另一位同事处理。"
