"""The API as one WSGI application."""

import time
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, cast

import structlog
from flask import Flask, Request, Response
from flask.globals import app_ctx
from flask_smorest import Api as Smorest
from flask_smorest import Blueprint

from backend.assembly import assemble
from backend.kernel.clock import Clock
from backend.kernel.ids import new_id
from config.settings import Env, Settings
from miniapp_api import (
    access,
    addresses,
    answers,
    auditor,
    demo,
    doctor,
    documentation,
    manager,
    pacing,
    problems,
    protection,
    queue_page,
    resident,
    staff,
    vitals,
)
from miniapp_api import open as open_routes
from miniapp_api.bodies import LARGEST_BODY, require_bounds
from miniapp_api.serving import Headers, Server

AUDIENCES = [open_routes, resident, doctor, manager, staff, auditor]


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Assemble the features and open every route to them."""
    app = cast("Server", assemble(settings, clock, Server))
    app.config.update(
        documentation.CONFIG, MAX_CONTENT_LENGTH=LARGEST_BODY + 1, PROVIDE_AUTOMATIC_OPTIONS=False
    )
    app.url_map.merge_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    addresses.register(app, settings.trusted_proxies)
    answers.register(app, settings.shared_answers_s)
    app.arrive, app.leave = _arrive, partial(_leave, structlog.get_logger(__name__).bind())
    api = Smorest(app)
    problems.register(app)
    for blueprint in _blueprints():
        api.register_blueprint(blueprint)
    app.register_blueprint(vitals.pages)
    app.register_blueprint(queue_page.pages)
    if settings.time_may_be_shifted:
        demo.register(app, api)
    documentation.register(app, api)
    if settings.env is Env.PRODUCTION and settings.wechat_callback is None:
        structlog.get_logger(__name__).warning("WECHAT_CALLBACK_TOKEN is not set: no events come")
    return app


def _blueprints() -> list[Blueprint]:
    return [module.api for audience in AUDIENCES for module in _modules(audience)]


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(found.name for found in iter_modules(package.__path__))
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _arrive(asked: Request) -> None:
    here = app_ctx.g
    here.request_id, here.role, here.began = str(new_id()), "anyone", time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=here.request_id)
    if asked.blueprint != vitals.pages.name:
        pacing.arrived(asked)
        require_bounds(asked)


def _leave(log: Any, asked: Request, answer: Response) -> Headers:
    here, rule = app_ctx.g, asked.url_rule.rule if asked.url_rule else "-"
    took = time.perf_counter() - here.began
    vitals.count(asked.method, rule, answer.status_code, took)
    log.info(
        "answered",
        method=asked.method,
        route=rule,
        status=answer.status_code,
        role=here.role,
        ms=round(took * 1000, 1),
    )
    structlog.contextvars.clear_contextvars()
    pacing.answered(answer)
    named = ("X-Request-Id", here.request_id)
    return [*protection.headers(answer), *access.person_named(), named]
