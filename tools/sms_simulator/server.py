"""The HTTP server: one port for the provider, the controls and the page."""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import web

from . import page, signature
from .callbacks import Callbacks
from .control_api import CONTROLS, Desk
from .faults import Fault, Kind
from .provider import Provider
from .refusal import Refused

ACTION, VERSION = "SendSms", "2021-01-11"
ANYONE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
}
SPOILING = (Kind.TIMEOUT_AFTER_DELIVERY, Kind.CUT_AFTER_DELIVERY)


class Simulator:
    """Answers every request."""

    def __init__(self, provider: Provider, callbacks: Callbacks) -> None:
        self.provider, self.callbacks = provider, callbacks
        self.desk = Desk(provider, callbacks)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Find who should answer this path."""
        if request.path.startswith("/_sim/"):
            return await self._control(request)
        if request.path == "/" and request.method == "GET":
            return page.show(self.provider, request.query)
        if request.path == "/" and request.method == "POST":
            return await self._call(request)
        return web.Response(status=404)

    async def _call(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        try:
            body = self._admitted(request, raw)
        except Refused as refused:
            return _json(self._error(refused.code, refused.text))
        fault = self.provider.faults.take(body.get("PhoneNumberSet") or [])
        await asyncio.sleep(self.provider.latency)
        before = await _before(fault)
        if before is not None:
            return before
        result = self._result(body, fault)
        return await _spoilt(request, fault, result)

    def _admitted(self, request: web.BaseRequest, raw: bytes) -> dict[str, Any]:
        """The body of a call that is signed and well formed; raises `Refused`."""
        account = self.provider.account
        keys = {account.secret_id: account.secret_key}
        signature.check(request.headers, raw, keys, self.provider.now())
        if request.headers.get("X-TC-Action") != ACTION:
            raise Refused("InvalidAction")
        if request.headers.get("X-TC-Version") != VERSION:
            raise Refused("NoSuchVersion")
        if not request.headers.get("X-TC-Region"):
            raise Refused("MissingParameter")
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refused("FailedOperation.JsonParseFail") from None
        if not isinstance(body, dict):
            raise Refused("InvalidParameter")
        return body

    def _result(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        if fault is not None and fault.kind is Kind.ERROR:
            return self._error(fault.code, fault.code)
        if fault is not None and fault.kind is Kind.CODE:
            self.provider.calls[fault.code] += 1
            numbers = body.get("PhoneNumberSet") or []
            nothing = {"SerialNo": "", "Fee": 0, "Code": fault.code, "Message": fault.code}
            return _response(SendStatusSet=[nothing | {"PhoneNumber": one} for one in numbers])
        before = len(self.provider.texts)
        try:
            statuses = self.provider.send(body)
        except Refused as refused:
            return self._error(refused.code, refused.text)
        self.callbacks.delivered(self.provider.texts[before:])
        return _response(SendStatusSet=statuses)

    def _error(self, code: str, text: str) -> dict[str, Any]:
        self.provider.calls[code] += 1
        return _response(Error={"Code": code, "Message": text})

    async def _control(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=ANYONE)
        handler = CONTROLS.get((request.method, request.path))
        if handler is None:
            return _json({"error": "no such control"}, 404, ANYONE)
        raw = await request.read()
        try:
            told = await handler(self.desk, request.query, json.loads(raw) if raw else {})
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            return _json({"error": f"malformed: {wrong}"}, 400, ANYONE)
        return _json(told, headers=ANYONE)


async def _before(fault: Fault | None) -> web.Response | None:
    """Faults that strike before the call takes effect."""
    if fault is not None and fault.kind is Kind.DELAY:
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind is Kind.HTTP500:
        return web.Response(status=500, text="<html><body>Internal Server Error</body></html>")
    return None


async def _spoilt(
    request: web.BaseRequest, fault: Fault | None, result: dict[str, Any]
) -> web.StreamResponse:
    """Faults that strike after the call took effect."""
    if fault is not None and fault.kind in SPOILING:
        if fault.kind is Kind.TIMEOUT_AFTER_DELIVERY:
            await asyncio.sleep(fault.seconds)
        if request.transport is not None:
            request.transport.abort()
    raw = json.dumps(result, ensure_ascii=False).encode()
    if fault is not None and fault.kind is Kind.TRUNCATED:
        raw = raw[: len(raw) // 2]
    return web.Response(body=raw, content_type="application/json")


def _response(**content: Any) -> dict[str, Any]:
    rid = secrets.token_hex(16)
    named = f"{rid[:8]}-{rid[8:12]}-{rid[12:16]}-{rid[16:20]}-{rid[20:]}"
    return {"Response": content | {"RequestId": named}}


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(
        text=text, status=status, content_type="application/json", headers=headers or {}
    )


async def serve(
    provider: Provider, callbacks: Callbacks, host: str, port: int, until: asyncio.Event
) -> None:
    """Answer on that address until told to stop."""
    server = web.Server(Simulator(provider, callbacks).answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    told = asyncio.create_task(callbacks.run(until))
    try:
        await web.TCPSite(runner, host, port).start()
        print(f"sms simulator: http://{host}:{runner.addresses[0][1]}/", flush=True)
        await until.wait()
    finally:
        told.cancel()
        await asyncio.gather(told, return_exceptions=True)
        await runner.cleanup()
