"""How messaging says no."""

from backend.kernel.errors import Conflict, Fault, Invalid


class UnknownTemplate(Invalid):
    """A popup asked for a template that is none of ours."""

    code = "unknown-template"
    title = "不认识这个消息模板"
    advice = "请更新小程序后再试。"

    def __init__(self) -> None:
        super().__init__(faults=[Fault("/results", self.advice)])


class FenceIsDown(Conflict):
    """The send fence was to be lifted and is not up."""

    code = "fence-is-down"
    title = "消息没有被拦住"
    advice = "消息正在正常发送，不需要操作。"


class NotCaughtUp(Conflict):
    """The jobs have not yet done anew what fell into the lost time."""

    code = "fence-not-caught-up"
    title = "后台任务还没有补做完"
    advice = "请让 manage.py jobs 运行一两分钟后再试；或者加 --now，此刻以前到期的都不再发送。"


class NotToReplay(Conflict):
    """A message that sending once more would double, or not help."""

    code = "not-to-replay"
    title = "这一条不能重发"


class NotToCancel(Conflict):
    """Nothing of a message waits."""

    code = "not-to-cancel"
    title = "这一条已经不能取消"
