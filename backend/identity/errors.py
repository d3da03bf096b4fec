"""What can be refused on the way from a visitor to a verified resident."""

from backend.kernel.errors import (
    Conflict,
    Forbidden,
    LeavesTrace,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)


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


class WeChatRefused(Unavailable):
    """WeChat refuses what we ask: its code and words, and the id under which it can say more."""

    def __init__(self, errcode: int, rid: str | None, words: str) -> None:
        super().__init__()
        self.errcode, self.rid, self.words = errcode, rid, words


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


class IdentityMismatch(Conflict, LeavesTrace):
    """Name and number do not belong together, or nobody has that number; it counts."""

    code = "identity-mismatch"
    title = "姓名与证件号码不一致"
    advice = "核验结果：姓名与证件号码不一致。请核对后重填，或带证件到社区窗口办理。"


class TooManyAttempts(TooMany):
    """So many failed today that no more are told, whatever the provider says."""

    code = "too-many-attempts"
    advice = "今天核验没有通过的次数太多了。请明天再试，或带身份证件到社区窗口办理。"
    retry_after_s = 24 * 3600


class AlreadyVerified(Conflict):
    """This account already stands for somebody."""

    code = "already-verified"
    title = "您已完成实名认证"
    advice = "这个微信已经完成实名认证，不需要再办。"


class DeskNeeded(Conflict):
    """It cannot be done online; why is not told, for it may be about somebody else."""

    code = "desk-needed"
    title = "请带证件到社区窗口办理"
    advice = (
        "这一步需要本人带证件原件到社区窗口办理：请点“窗口办理码”，出示给工作人员，几分钟就能办好。"
    )


class CodeUnknown(Conflict, LeavesTrace):
    """No phone shows this code now; the try is counted."""

    code = "desk-code-unknown"
    title = "办理码不对或已过期"
    advice = "办理码不对或已过期，请让居民在手机上重新生成后再输入。"


class NameDiffers(Conflict, LeavesTrace):
    """The document is on file with another name; the try is counted."""

    code = "name-differs"
    title = "姓名与登记的不一致"
    advice = "这个证件登记的姓名与填写的不一致，请对照证件原件逐字核对。"


class NobodyFound(NotFound, LeavesTrace):
    """Nobody on file has this name and this document; the try is counted."""

    code = "nobody-found"
    title = "没有找到这位居民"
    advice = "没有找到这位居民，请对照证件原件核对姓名和证件号码。"


class OwnAccount(Forbidden):
    """Nobody is the witness of the own account."""

    code = "own-account"
    title = "不能为自己办理"
    advice = "您不能给自己的微信办理窗口认证，请由另一位工作人员办理。"


class ColleagueNeeded(Forbidden):
    """Who recorded it, or whose own account it is, is no witness."""

    code = "colleague-needed"
    title = "请由另一位同事见证"
    advice = "手机挂失和换绑微信须由本机构两位不同的工作人员经手，且都不能是为自己办理。"


class RequestOver(Conflict):
    """It was confirmed already, or nobody confirmed it in time."""

    code = "request-over"
    title = "这笔办理已结束"
    advice = "这笔办理已经见证过，或超过二十四小时没有见证。需要的话，请居民带证件重新办理。"


class DocumentTaken(Conflict):
    """Somebody else is on file with this document."""

    code = "document-taken"
    title = "这个证件登记在另一位居民名下"
    advice = "这个证件已登记在另一位居民名下，请核对证件原件；确有错误的，请联系管理员更正。"


class NewerAccount(Forbidden):
    """Only an account that was there before, or was seen at a desk, may say: this was not me."""

    code = "newer-account"
    title = "请用原来的微信操作"
    advice = (
        "只有先绑定的或在窗口办理的微信，才能解除别的微信；"
        "如果您拿不到原来的手机，请带证件到社区窗口办理。"
    )


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


class ProxyChanged(Conflict):
    """While the act was under way the person changed what this family member may do."""

    code = "proxy-changed"
    title = "家人刚刚更改了授权"
    advice = "家人刚刚更改了授权，这次没有办成。请返回“我的家人”刷新后再试。"


class PersonClosed(Forbidden):
    """The person has died, or asked for the record to be closed."""

    code = "person-closed"
    title = "这份档案已停用"
    advice = "这份档案已停用，不能再办理业务。如属误报，请点“这是误报”，或到社区窗口咨询。"
