"""How privacy requests are refused, and what to do next."""

from backend.kernel.errors import Conflict, Forbidden, TooMany


class ConsequencesChanged(Conflict):
    """What would follow is not what was read."""

    code = "consequences-changed"
    title = "情况有变化，请再看一遍"
    advice = "您看过之后情况有变化（比如新增了预约）。请重新查看后果，再决定。"


class NoSuchConsent(Conflict):
    """There is nothing to take back."""

    code = "no-such-consent"
    title = "没有可以撤回的同意"
    advice = "您没有同意过这一项，或者已经撤回，不需要再办。"


class FreshLoginNeeded(Forbidden):
    """The device has been logged in for more than a day."""

    code = "fresh-login-needed"
    title = "请重新登录后再办"
    advice = "为了保护您的全部信息，请先退出登录，重新打开小程序登录，再在24小时内办理。"


class TooManyExports(TooMany):
    """A person asked for copies too often in one day."""

    code = "too-many-exports"
    title = "今天申请的次数已满"
    advice = "今天申请的次数已满，请明天再来；已经生成的副本可以直接下载。"


class NotReady(Conflict):
    """The copy is not made yet, or is kept no more."""

    code = "export-not-ready"
    title = "副本现在不能下载"
    advice = "副本还在生成，或已过保存期限。请稍后刷新；已过期的请重新申请。"


class AlreadyAsked(Conflict):
    """The same wish is being dealt with."""

    code = "already-asked"
    title = "您已经申请过，正在办理"
    advice = "同一件事您已经申请过，正在办理，请在“我的申请”里查看进度。"


class AlreadyReported(Conflict):
    """The death of this person is on record."""

    code = "death-already-reported"
    title = "已经登记过"
    advice = "这位居民的死亡信息已经登记，不需要再登记。如有误，请联系机构管理员更正。"


class SecondHandNeeded(Forbidden):
    """Who reported a death does not confirm it."""

    code = "second-hand-needed"
    title = "请由另一位同事确认"
    advice = "死亡登记须由本机构另一位工作人员确认，登记人自己不能确认。"


class ReportLapsed(Conflict):
    """Nobody confirmed the report in time."""

    code = "death-report-lapsed"
    title = "登记已过确认期限"
    advice = "这条登记没有在期限内确认，已经失效。情况属实的，请重新登记。"
