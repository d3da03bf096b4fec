"""What can be refused about the access and the posts of staff."""

from datetime import timedelta
from math import ceil

from backend.kernel.errors import (
    Conflict,
    Forbidden,
    LeavesTrace,
    NotFound,
    RuleBroken,
    TooMany,
    Unauthenticated,
)


class InvitationUnknown(NotFound):
    """No such code is open: mistyped, used, revoked or past its days."""

    code = "invitation-unknown"
    title = "邀请无效"
    advice = "没有找到这个邀请：可能已经使用、撤回或过期。请核对邀请码，或请管理员重新邀请。"


class TooSoon(Conflict):
    """The account of somebody who works here changes some hours after a manager asked for it."""

    code = "rebinding-too-soon"
    title = "换绑尚未生效"
    advice = "为防止冒用，管理员办理的换绑要过几个小时才能接受；请稍后再试，邀请码仍然有效。"


class BoundElsewhere(Conflict):
    """This WeChat account stands for a member of staff already."""

    code = "bound-elsewhere"
    title = "这个微信已绑定工作账号"
    advice = (
        "这个微信已经绑定了一个在职的工作账号，不能再接受邀请；请用您自己的微信，或联系管理员。"
    )


class NotYoursToGrant(Forbidden):
    """This role is given by others (separation of duties)."""

    code = "not-yours-to-grant"
    title = "您不能授予这个角色"
    advice = (
        "机构管理员可邀请本机构的医务人员；管理员由医共体管理员任命，审计员由系统运维人员任命。"
    )


class AuditorStandsAlone(RuleBroken):
    """An auditor holds no other role, before or after."""

    code = "auditor-stands-alone"
    title = "审计员不能兼任"
    advice = "审计员只查看日志，不能兼任其他角色，也不能由其他角色转任；请另行邀请。"


class LoginTaken(Conflict):
    """Somebody else has this login name."""

    code = "login-taken"
    title = "登录名已被使用"
    advice = "这个登录名已有人使用，请换一个。"


class LoginRefused(Unauthenticated, LeavesTrace):
    """Name, password and code do not belong together; which of them, nobody is told."""

    code = "login-refused"
    title = "登录未成功"
    advice = (
        "登录名、密码或动态口令不正确。请核对后再试；"
        "首次使用请先在小程序“我的工作账号”里设置密码并绑定动态口令，忘记密码请联系管理员重置。"
    )


class CodeRefused(Forbidden, LeavesTrace):
    """The second factor is wrong, or was used before."""

    code = "code-refused"
    title = "动态口令不正确"
    advice = "动态口令不正确或已用过。请等下一个六位数字出现后再输入。"


class PasswordRefused(Forbidden, LeavesTrace):
    """The present password is wrong."""

    code = "password-refused"
    title = "当前密码不正确"
    advice = "当前密码不正确，请核对后再试；忘记密码请联系管理员重置。"


class Shut(TooMany):
    """Too many failures in a row: the next try is judged after a while, and never never."""

    code = "shut"
    title = "请稍后再试"

    def __init__(self, wait: timedelta) -> None:
        self.retry_after_s = max(1, ceil(wait.total_seconds()))
        minutes, seconds = divmod(self.retry_after_s, 60)
        span = (f"{minutes} 分" if minutes else "") + (f"{seconds} 秒" if seconds else "钟")
        super().__init__(
            f"连续输错次数较多，为保护账号，请在 {span}后再试。账号不会被永久锁定；"
            "不想等待，可在小程序“我的工作账号”里验证一次动态口令，随即重新登录。"
        )


class PasswordExpired(Forbidden):
    """Everything was right, but the password is older than the region allows."""

    code = "password-expired"
    title = "密码已到更换期限"
    advice = "您的密码已到更换期限，请在登录时一并设置新密码。"


class SecondFactorNeeded(Forbidden):
    """The act needs TOTP, which was not enrolled."""

    code = "second-factor-needed"
    title = "请先绑定动态口令"
    advice = "请先在“我的工作账号”里设置登录名和密码，并绑定动态口令。"


class AlreadyMember(Conflict):
    """The person belongs there at that time already, or somebody else leads."""

    code = "already-member"
    title = "这段时间已有任职"
    advice = "这个人在这段时间已属于这里，或这个团队在这段时间已有团队长；请核对日期。"


class AlreadyLeft(Conflict):
    """The person has left."""

    code = "already-left"
    title = "此人已离职"
    advice = "此人已办理离职，不能再这样操作。"


class NoSuccessor(RuleBroken):
    """This person cannot take the work over."""

    code = "no-successor"
    title = "不能由此人接手"
    advice = "接手的人应在职、角色相同，并属于同一团队；请先把他加入团队。"
