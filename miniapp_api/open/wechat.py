"""What WeChat tells us by itself [消息推送]: no token of ours, its signature says who it is."""

import structlog
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from backend import messaging
from backend.kernel import clock, entry
from backend.kernel.context import Context
from backend.kernel.limits import Pace
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives_file, hears
from miniapp_api.pacing import paced

log = structlog.get_logger(__name__)
api = Api("wechat", Audience.OPEN, "/wechat")
LARGEST = 65_536


@api.get("/events")
@hears("signature", "timestamp", "nonce", "echostr")
@paced(Pace.CALLBACK)
@gives_file("text/plain")
def prove_address(ctx: Context) -> Response:
    """微信验证地址 · Answers `echostr` as it came, where the signature is our token's."""
    asked = messaging.Asked.of(request.args)
    return _text(messaging.prove_address(ctx, _gate(), asked, clock.real_time()))


@api.post("/events")
@hears("signature", "timestamp", "nonce", "encrypt_type", "msg_signature")
@paced(Pace.CALLBACK)
@gives_file("text/plain")
def receive(ctx: Context) -> Response:
    """微信消息推送 · XML or JSON, as the console was told; kept at once, applied by the jobs."""
    body = request.get_data()
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    asked = messaging.Asked.of(request.args)
    messaging.receive(ctx, _gate(), asked, body, clock.real_time())
    return _text("success")


def _gate() -> messaging.Gate:
    settings = entry.settings()
    if settings.wechat_callback is None:
        log.warning("WeChat calls, and WECHAT_CALLBACK_TOKEN is not set: its events are lost")
        raise messaging.CallbackNotSet
    return messaging.Gate(settings.wechat_appid, settings.wechat_callback)


def _text(words: str) -> Response:
    return Response(words, mimetype="text/plain")
