"""What became of a message, in kind and plain words: on each channel, and why it waits."""

from collections.abc import Mapping

from backend.kernel.calendar import SHANGHAI
from backend.messaging import Channel, Message, Reason, State

WAITING = {State.QUEUED, State.SENDING}
_BUSY = "微信暂时繁忙。"
WHY: Mapping[Reason, str] = {
    Reason.NO_ACCOUNT: "还没有绑定微信，所以没有推送。",
    Reason.NO_CREDIT: "您没有同意接收这类微信消息，或同意的次数已用完。",
    Reason.BUSY: _BUSY,
    Reason.RATE: _BUSY,
    Reason.CONCURRENT: "正在给您发送另一条消息。",
    Reason.QUOTA: "今天的微信消息已发完，明天再发。",
    Reason.NOT_REACHED: "暂时连接不上微信，稍后再发。",
    Reason.MUTED: "您关闭了这类提醒，所以没有推送。",
    Reason.OVER_BUDGET: "为了少打扰您，没有推送，只放在这里。",
    Reason.KEPT_CREDIT: "剩下的微信提醒次数留给了更要紧的事。",
    Reason.EXPIRED: "已过了提醒的时间，没有再推送。",
    Reason.REPLACED: "已由新的一条代替。",
    Reason.ANSWERED: "您已经答复，不再提醒。",
    Reason.NO_PHONE: "没有可用的手机号，没有发短信。",
    Reason.DEAD_PHONE: "这个手机号收不到，请到社区更新号码。",
    Reason.WRONG_NUMBER: "这个手机号收不到，请到社区更新号码。",
    Reason.STOPPED: "您选择了不收短信，所以没有发。",
    Reason.PHONE_LIMIT: "今天给您的短信已经够多，没有再发。",
    Reason.NO_TEXT: "这类消息不发短信。",
    Reason.NO_PROXY: "没有可以代为提醒的家人。",
    Reason.NO_REPLY: "给您打过电话，没有联系上。",
    Reason.NOT_DELIVERED: "没有送到您的手机。",
    Reason.RESTORED: "可能已经送达；为了不重复打扰您，没有再发。",
}
SENT: Mapping[Channel, str] = {
    Channel.WECHAT: "已用微信推送给您。",
    Channel.SMS: "已发短信给您。",
    Channel.CALL: "社区已打电话告诉您。",
    Channel.FAMILY: "已用微信提醒您授权的家人。",
}
IN_DOUBT = "可能已经送达；为了不重复打扰您，没有再发。"
OUR_FAULT = "没有送达，我们已经记下，正在处理。"
TOGETHER = "和同一天的其他事项合成一条提醒。"
TO_CALL = "社区会打电话告诉您。"


def why(message: Message) -> str | None:
    """Why it was not, or may not have been, delivered, or waits; `None` where it simply went."""
    if message.state is State.UNKNOWN:
        return IN_DOUBT
    if message.state is State.DIGESTED:
        return TOGETHER
    if message.state in WAITING and (waits := _waits(message)):
        return waits
    if message.reason is None or message.state is State.SENT:
        return None
    return WHY.get(message.reason, None if message.state in WAITING else OUR_FAULT)


def _waits(message: Message) -> str | None:
    """Until when, where it is held beyond the hour at which it was due."""
    if message.channel is Channel.CALL:
        return TO_CALL
    if message.wait_until is None or message.wait_until <= message.due_at:
        return None
    at = message.wait_until.astimezone(SHANGHAI)
    hour = f"{at.month}月{at.day}日{at:%H:%M}"
    if message.reason is Reason.OVER_BUDGET:
        return f"为了不一下子打扰您太多，{hour}以后再提醒。"
    return f"{hour}以后提醒您。"


def story(message: Message) -> str:
    """One channel's part in words."""
    if message.state is State.SENT:
        return SENT[message.channel]
    return why(message) or "正在发送。"
