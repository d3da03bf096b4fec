"""Refusals as problems (RFC 9457): a stable type, Chinese words, pointers to fields."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import structlog
from flask import Flask, Response, json, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException

from backend import identity
from backend.kernel.crypto import Unreadable
from backend.kernel.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    LevelNeeded,
    Malformed,
    NotFound,
    PersonNeeded,
    Refusal,
    RuleBroken,
    TooMany,
    Unauthenticated,
    Unavailable,
)

log = structlog.get_logger(__name__)

STATUS: Mapping[type[Refusal], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RuleBroken: 422,
    Invalid: 422,
    PersonNeeded: 422,
    TooMany: 429,
    Unavailable: 503,
}
RETRY_AFTER_S = {503: "2"}
MOST_FAULTS = 50
WORDS = {
    400: ("malformed", Malformed.title, Malformed.advice),
    404: ("not-found", NotFound.title, NotFound.advice),
    405: ("method-not-allowed", "不支持的操作", "请更新小程序后再试。"),
    414: ("address-too-long", "请求的地址太长", "请返回上一页再试。"),
    413: ("too-large", "提交的内容太大", "请减少内容后再提交。"),
    415: ("unsupported-media-type", "提交的格式不对", "请以 JSON 格式提交。"),
    431: ("headers-too-large", "请求的附加信息太多", "请更新小程序后再试。"),
    422: ("invalid", Invalid.title, Invalid.advice),
}


def register(app: Flask) -> None:
    """Answer every refusal and every failure as a problem."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolExhausted, _database)
    app.register_error_handler(Unreadable, _unreadable)
    app.register_error_handler(Exception, _unexpected)


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal, by the nearest kind it is."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def refused(refusal: Refusal) -> Response:
    """The problem that a refusal is."""
    extra: dict[str, Any] = {}
    if refusal.faults:
        extra["errors"] = [_error(fault) for fault in refusal.faults]
    if isinstance(refusal, RuleBroken):
        extra["clause"] = refusal.clause
    if isinstance(refusal, LevelNeeded):
        extra["needed_level"] = refusal.level
    answer = problem(status_of(refusal), refusal.code, refusal.title, refusal.detail, **extra)
    if isinstance(refusal, TooMany):
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
    return answer


def problem(status: int, code: str, title: str, detail: str, **extra: Any) -> Response:
    """An `application/problem+json` answer."""
    body = {
        "type": f"urn:jiayi:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    answer = Response(json.dumps(body), status, mimetype="application/problem+json")
    if status in RETRY_AFTER_S:
        answer.headers["Retry-After"] = RETRY_AFTER_S[status]
    return answer


def _error(fault: Fault) -> dict[str, str]:
    return {"pointer": fault.pointer, "detail": fault.detail}


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=dict(error.get_headers()))
    code, title, detail = WORDS.get(status, ("failed", "请求未成功", "请返回上一页再试。"))
    # What cannot be read has no fields to point at, only a parser's English words.
    messages = (getattr(error, "data", None) or {}).get("messages", {}) if status != 400 else {}
    errors = [_error(fault) for fault in islice(_faults(messages), MOST_FAULTS)]
    answer = problem(status, code, title, detail, **({"errors": errors} if errors else {}))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


def _faults(messages: Any) -> Iterator[Fault]:
    """Marshmallow's messages, first level the part of the request, as faults with pointers."""
    if isinstance(messages, Mapping):
        for part, inner in messages.items():
            yield from _walk("" if part == "json" else f"/{part}", inner)


def _walk(pointer: str, messages: Any) -> Iterator[Fault]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            at = pointer if key == "_schema" else f"{pointer}/{_escaped(str(key))}"
            yield from _walk(at, inner)
    else:
        texts = messages if isinstance(messages, list) else [messages]
        yield from (Fault(pointer, str(text)) for text in texts)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _database(error: DBAPIError | PoolExhausted) -> Response:
    """A database that is away, locked or exhausted is no fault of the request: try again."""
    if _names(error, "open_person"):
        return refused(identity.PersonClosed())
    log.error("database", error=type(error).__name__, route=_route())
    if isinstance(error, OperationalError | PoolExhausted):
        return refused(Unavailable())
    return _failed()


def _names(error: DBAPIError | PoolExhausted, guard: str) -> bool:
    """Whether it was this guard of the schema that refused."""
    refusal = getattr(getattr(error, "orig", None), "diag", None)
    return getattr(refusal, "constraint_name", None) == guard


def _unreadable(error: Unreadable) -> Response:
    """An operator has to look (`manage.py keys check`); nobody is shown what may be another's."""
    log.error("unreadable", place=str(error), route=_route())
    return _failed()


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", error=type(error).__name__, route=_route(), exc_info=error)
    return _failed()


def _failed() -> Response:
    return problem(500, "failed", "系统出了问题", "我们已经记录下来，请稍后再试。")


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "-"
