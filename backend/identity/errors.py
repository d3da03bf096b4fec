"""What can be refused on the way from a visitor to a verified resident."""

from backend.kernel.errors import Conflict, Forbidden, LeavesTrace, NotFound, Unauthenticated


class CodeExpired(Unauthenticated):
    """WeChat does not know the login code, or it was used."""

    code = "code-expired"
    title = "登录凭证已失效"
    advice = "登录凭证已失效，请关闭小程序重新打开。"


class WeChatBlocked(Forbidden):
    """WeChat itself blocks this user."""

    code = "wechat-blocked"
    title = "微信暂不允许登录"
    advice = "微信认为这个账号有风险，请在微信“设置—账号与安全”中处理，或到社区窗口办理。"


class NotStaff(Forbidden):
    """The WeChat identity is bound to no member of staff."""

    code = "not-staff"
    title = "没有找到您的工作账号"
    advice = "这个微信还没有绑定工作账号，请联系本机构管理员。"


class TextChanged(Conflict):
    """The text agreed to is not the one in force."""

    code = "text-changed"
    title = "同意书已更新"
    advice = "同意书有了新版本，请重新阅读后再确认。"


class IdentityMismatch(Conflict):
    """Name and ID number do not belong together."""

    code = "identity-mismatch"
    title = "姓名与身份证号不一致"
    advice = "核验结果：姓名与身份证号不一致。请核对后重填，或带身份证到社区窗口办理。"


class AlreadyVerified(Conflict):
    """This account already stands for somebody."""

    code = "already-verified"
    title = "您已完成实名认证"
    advice = "这个微信已经完成实名认证，不需要再办。"


class HeldElsewhere(Conflict):
    """The person has another account, or another phone on file."""

    code = "held-elsewhere"
    title = "这个身份证号已在别处登记"
    advice = "这个身份证号已绑定其他微信或手机号。如果您换了手机，请带身份证到社区窗口办理。"


class SessionOver(Unauthenticated):
    """The refresh token is unknown, or its session has ended."""

    code = "session-over"
    title = "登录已过期"
    advice = "登录已过期，请重新打开小程序登录。"


class RefreshReused(Unauthenticated, LeavesTrace):
    """A refresh token of an older generation: somebody has a copy, so the session has ended."""

    code = "refresh-reused"
    title = "为了安全，请重新登录"
    advice = "这台设备的登录凭证曾在别处使用。为了安全，我们已将它退出，请重新登录。"


class NotYourPerson(NotFound):
    """The person named in the request is nobody whom this account may act for now."""

    code = "not-your-person"
    title = "没有找到这位家人"
    advice = "没有找到这位家人，或者授权已经结束。请返回“我的家人”刷新后再试。"


class PersonClosed(Forbidden):
    """The person has died, or asked for the record to be closed."""

    code = "person-closed"
    title = "这份档案已停用"
    advice = "这份档案已停用，不能再办理业务。如有疑问，请到社区窗口咨询。"
