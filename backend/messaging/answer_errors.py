"""How messaging says no to answers, and to who calls."""

from backend.kernel.errors import Conflict


class NotAsked(Conflict):
    """A message that asks nothing was answered."""

    code = "not-asked"
    title = "这条消息不用回复"
    advice = "这条消息不用回复。要办事请点开消息，或联系您的家庭医生团队。"


class AnswerTooLate(Conflict):
    """What the message is about has begun, or is over."""

    code = "answer-too-late"
    title = "已经过了可以回复的时间"
    advice = "这件事的时间已经到了，不能再在这里回复。有事请打电话给社区，或直接到窗口说一声。"


class MustBeTold(Conflict):
    """What concerns somebody's safety is told to everybody."""

    code = "must-be-told"
    title = "这类消息不能停"
    advice = "这条消息关系到您的安全，所以一直会告诉您。其他提醒可以在“我的消息”里随时关掉。"


class CallTaken(Conflict):
    """A colleague is calling this person at this moment."""

    code = "call-taken"
    title = "同事正在打这个电话"
    advice = "同事正在联系这位居民，请先打名单上的下一位，过几分钟再看。"


class CallNotTaken(Conflict):
    """Who writes down a call took it first."""

    code = "call-not-taken"
    title = "请先认领这个电话"
    advice = "请先点“我来打”，再记录结果，这样同事不会同时打给同一个人。"
