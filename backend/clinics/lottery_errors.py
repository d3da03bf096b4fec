"""Why a draw cannot be joined or left."""

from backend.kernel.errors import Conflict


class NotOpenYet(Conflict):
    """Joining has not begun."""

    code = "draw-not-open"
    title = "摇号报名还没有开始"
    advice = "摇号报名还没有开始。报名期间早报晚报机会一样，请在页面上写明的时间内报名。"


class JoiningClosed(Conflict):
    """The list is closed."""

    code = "draw-closed"
    title = "摇号报名已截止"
    advice = "摇号报名已截止。没有摇完的号会在摇号后放出来，您也可以看看其他场次。"


class AlreadyJoined(Conflict):
    """One entry per verified person."""

    code = "already-joined"
    title = "您已报过名"
    advice = "每人每场只报一次名，您已经报过了，不用再报；可在“我的摇号”里查看。"
