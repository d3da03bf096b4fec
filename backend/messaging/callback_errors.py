"""Why a callback is not taken; WeChat wants the word `success`, so these are for everybody else."""

from backend.kernel.errors import Forbidden, Malformed, Unavailable


class ForgedCallback(Forbidden):
    """Its signature is not one that our token makes."""

    code = "forged-callback"
    title = "签名不对"
    advice = "这个地址只接收微信推送的消息；请核对公众平台“消息推送”里的 Token 是否与这里一致。"


class StaleCallback(Forbidden):
    """It was signed too long ago, or by a clock that is wrong."""

    code = "stale-callback"
    title = "请求的时间不对"
    advice = "签名的时间与现在相差太多；请核对服务器的时间，或等微信重新推送。"


class UnreadableCallback(Malformed):
    """It is signed, and cannot be read."""

    code = "unreadable-callback"
    title = "推送的内容无法识别"
    advice = "请核对公众平台“消息推送”里的 EncodingAESKey、加密方式和 AppID 是否与这里一致。"


class CallbackNotSet(Unavailable):
    """This installation was told no token: it cannot know WeChat."""

    code = "callback-not-set"
    title = "还没有设置消息推送"
    advice = (
        "请先在服务器上设置 WECHAT_CALLBACK_TOKEN 和 WECHAT_CALLBACK_AES_KEY，再到公众平台登记。"
    )
