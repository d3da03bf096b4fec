"""The contract as OpenAPI 3.1, and a page to read it without any other server."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, send_from_directory
from flask_smorest import Api as Smorest

from config.settings import ROOT
from miniapp_api.access import PERSON_HEADER, UNGUARDED, Audience, Door

CONFIG = {
    "API_TITLE": "Jiayi 家医",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": None,
}
REFUSALS: Mapping[int, str] = {
    400: "请求无法识别",
    401: "请先登录",
    403: "没有权限，或还差一步（type 指明哪一步）",
    404: "没有找到，或不该让您看到",
    409: "与现在的情况不符",
    413: "提交的内容太大",
    415: "提交的格式不对",
    422: "填写有误，或不符合规定（clause 指明条款）",
    429: "操作太频繁，请按 Retry-After 再试",
    503: "暂时繁忙，请按 Retry-After 再试",
}
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "RFC 9457: why nothing was done, and what to do next.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:jiayi:problem:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "clause": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "同一个编号重复提交，只办理一次，并得到同样的答复。",
    "schema": {"type": "string", "pattern": "^[!-~]{8,128}$"},
}
PERSON: Mapping[str, Any] = {
    "name": PERSON_HEADER,
    "in": "header",
    "description": "为谁办理：本人或家人的编号，取自“我的信息”；答复中会原样写明。",
    "schema": {"type": "string", "format": "uuid"},
}
ASSETS = ROOT / "miniapp_api" / "assets"

pages = Blueprint("documentation", __name__)


def register(app: Flask, api: Smorest) -> None:
    """Serve `/openapi.json` and `/docs`."""
    app.extensions["openapi"] = describe(app, api)
    app.register_blueprint(pages)


@pages.get("/openapi.json")
def openapi() -> Response:
    """The whole contract."""
    return jsonify(document())


@pages.get("/docs")
def docs() -> Response:
    """The contract, readable; needs no other server."""
    return send_from_directory(ASSETS, "docs.html")


@pages.get("/docs/<any('docs.css', 'docs.js'):name>")
def asset(name: str) -> Response:
    """What the page is made of."""
    return send_from_directory(ASSETS, name)


def document() -> dict[str, Any]:
    """The OpenAPI document of the running app."""
    found: dict[str, Any] = current_app.extensions["openapi"]
    return found


def describe(app: Flask, api: Smorest) -> dict[str, Any]:
    """What the routes declare, with the refusals, the log-in and the key that all of them share."""
    spec: dict[str, Any] = api.spec.to_dict()
    spec["components"].setdefault("schemas", {})["Problem"] = dict(PROBLEM)
    spec["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    by_rule = {
        (_path(rule.rule), method.lower()): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                _complete(operation, by_rule[path, method])
    return spec


def _complete(operation: dict[str, Any], view: Any) -> None:
    given = {code: answer for code, answer in operation["responses"].items() if code < "400"}
    operation["responses"] = given | {str(code): _refusal(REFUSALS[code]) for code in REFUSALS}
    door = getattr(view, "door", Door(Audience.OPEN))
    if door.audience not in UNGUARDED:
        operation["security"] = [{"bearer": []}]
    if door.audience is Audience.RESIDENT:
        required = not door.is_about_account
        operation.setdefault("parameters", []).append({**PERSON, "required": required})
    if hasattr(view, "creates"):
        operation.setdefault("parameters", []).append(dict(KEY))


def _refusal(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _path(rule: str) -> str:
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule)
