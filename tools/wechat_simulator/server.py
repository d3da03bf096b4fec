"""The HTTP server: one port for the platform, the provider, the controls and the page."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from . import account_api, account_controls, callback_controls, link_api, page, realname, wechat_api
from .control_api import CONTROLS, Rejected
from .faults import Fault, Kind
from .office import Request
from .platform import Platform
from .refusal import Refused
from .wechat_api import Answer, Call, Endpoint, Picture

ENDPOINTS = wechat_api.ENDPOINTS | account_api.ENDPOINTS | link_api.ENDPOINTS
ALL_CONTROLS = CONTROLS | account_controls.CONTROLS | callback_controls.CONTROLS
BIGGEST_BODY = 64 * 1024 * 1024
JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
ANYONE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
}


class Broken(Exception):
    """The server fails instead of answering."""


class Simulator:
    """Answers every request; registers nothing with a router, because speed matters here."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        platform.paths = frozenset(ENDPOINTS)
        self.desk = realname.Desk(platform)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Find who should answer this path."""
        path = request.path
        endpoint = ENDPOINTS.get(path)
        if endpoint is not None:
            return await self._platform_call(request, path, endpoint)
        if path == realname.PATH and request.method == "POST":
            return await self._verification(request)
        if path.startswith("/_sim/"):
            return await self._control(request, path)
        if path == "/":
            return page.show(self.platform, request.query)
        return _json(Refused(40066).body(), status=404)

    async def _platform_call(
        self, request: web.BaseRequest, path: str, endpoint: Endpoint
    ) -> web.StreamResponse:
        call = Call(request.query, await request.read(), request.remote or "")
        openid = endpoint.openid(self.platform, call)
        fault = self.platform.faults.take(path, openid)
        try:
            if request.method != endpoint.method:
                raise Refused(43001 if endpoint.method == "GET" else 43002)
            result = await self._in_turn(endpoint, call, openid, fault)
        except Refused as refused:
            result = refused.body()
            self._note(path, call, refused.rid, result)
        except Broken:
            return self._broken(path)
        self.platform.traffic.answered(path, str(result.get("errcode", 0)))
        return await _spoilt(request, fault, result)

    def _note(self, path: str, call: Call, rid: str, result: Answer) -> None:
        """Keep what a rid can be looked up for; the token is not shown again."""
        body, answer = call.raw.decode(errors="replace"), _encode(result).decode()
        now = self.platform.clock.now()
        self.platform.office.remember(rid, Request(now, path, body, answer, call.address))

    async def _in_turn(
        self, endpoint: Endpoint, call: Call, openid: str | None, fault: Fault | None
    ) -> Answer:
        if not (endpoint.one_at_a_time and openid):
            await _before(fault)
            return endpoint.perform(self.platform, call)
        with self.platform.traffic.entered(openid) as alone:
            if not alone:
                raise Refused(43108)
            # Even without latency, calls that arrived meanwhile see that this one is under way.
            await asyncio.sleep(self.platform.latency)
            await _before(fault)
            return endpoint.perform(self.platform, call)

    async def _verification(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        fault = self.platform.faults.take(realname.PATH, None)
        try:
            await _before(fault)
            result = self.desk.verify(raw, request.headers.get("X-Signature", ""))
        except realname.Unsigned as reason:
            return self._turned_away(401, reason)
        except realname.Malformed as reason:
            return self._turned_away(400, reason)
        except Refused:
            result = realname.answer("unavailable")
        except Broken:
            return self._broken(realname.PATH)
        self.platform.traffic.answered(realname.PATH, result["result"])
        return await _spoilt(request, fault, result)

    async def _control(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=ANYONE)
        handler = ALL_CONTROLS.get((request.method, path))
        if handler is None:
            return _json({"error": "no such control"}, status=404, headers=ANYONE)
        try:
            raw = await request.read()
            body = handler(self.platform, request.query, json.loads(raw) if raw else {})
        except Rejected as rejected:
            return _json({"error": rejected.reason}, status=rejected.status, headers=ANYONE)
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            return _json({"error": f"malformed: {wrong}"}, status=400, headers=ANYONE)
        return _json(body, headers=ANYONE)

    def _broken(self, path: str) -> web.Response:
        self.platform.traffic.answered(path, "http500")
        return web.Response(status=500, text="<html><body>Internal Server Error</body></html>")

    def _turned_away(self, status: int, reason: Exception) -> web.Response:
        self.platform.traffic.answered(realname.PATH, f"http{status}")
        return _json({"error": str(reason)}, status=status)


async def _before(fault: Fault | None) -> None:
    """Faults that strike before the call takes effect."""
    if fault is None:
        return
    if fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.seconds)
    elif fault.kind is Kind.HTTP500:
        raise Broken
    elif fault.instead is not None:
        raise Refused(fault.instead)


async def _spoilt(
    request: web.BaseRequest, fault: Fault | None, result: dict[str, Any]
) -> web.StreamResponse:
    """Faults that strike after the call took effect."""
    kind = fault.kind if fault else None
    if fault is not None and kind is Kind.TIMEOUT_AFTER_DELIVERY:
        await asyncio.sleep(fault.seconds)
        if request.transport is not None:
            request.transport.abort()
    if kind is Kind.STRING_ERRCODE:
        result = result | {"errcode": str(result.get("errcode", 0))}
    if isinstance(result, Picture):
        return web.Response(body=result.content, content_type="image/png")
    raw = _encode(result)
    if kind is Kind.TRUNCATED:
        raw = raw[: len(raw) // 2]
    if kind is Kind.BAD_UTF8:
        raw = raw[:-1] + b',"hint":"\xe5\xb9\xff\xfe\x07"}'
    return web.Response(body=raw, headers=JSON_HEADERS)


def _encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=_encode(body), status=status, headers=JSON_HEADERS | (headers or {}))


def _large_requests(loop: asyncio.AbstractEventLoop) -> Callable[..., web.BaseRequest]:
    """Bulk registration of users needs more than the megabyte a request may usually have."""

    def make(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: Any,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=BIGGEST_BODY
        )

    return make


async def serve(platform: Platform, host: str, port: int, until: asyncio.Event) -> None:
    """Answer on that address until told to stop."""
    loop = asyncio.get_running_loop()
    server = web.Server(
        Simulator(platform).answer, request_factory=_large_requests(loop), access_log=None
    )
    runner = web.ServerRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        print(f"wechat simulator: http://{host}:{runner.addresses[0][1]}/", flush=True)
        await until.wait()
    finally:
        await runner.cleanup()
        await platform.postman.close()
