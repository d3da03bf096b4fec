"""How messaging says no."""

from backend.kernel.errors import Fault, Invalid


class UnknownTemplate(Invalid):
    """A popup asked for a template that is none of ours."""

    code = "unknown-template"
    title = "不认识这个消息模板"
    advice = "请更新小程序后再试。"

    def __init__(self) -> None:
        super().__init__(faults=[Fault("/results", self.advice)])
