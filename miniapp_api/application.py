"""The API as one WSGI application."""

import time
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import structlog
from flask import Flask, Response, g, request
from flask_smorest import Api as Smorest
from flask_smorest import Blueprint

from backend.assembly import assemble
from backend.kernel.clock import Clock
from backend.kernel.ids import new_id
from config.settings import Settings
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
    resident,
    staff,
    vitals,
)
from miniapp_api import open as open_routes
from miniapp_api.bodies import LARGEST_BODY, require_bounds

log = structlog.get_logger(__name__)

AUDIENCES = [open_routes, resident, doctor, manager, staff, auditor]


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Assemble the features and open every route to them."""
    app = assemble(settings, clock)
    app.config.update(
        documentation.CONFIG, MAX_CONTENT_LENGTH=LARGEST_BODY + 1, PROVIDE_AUTOMATIC_OPTIONS=False
    )
    app.url_map.merge_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    addresses.register(app, settings.trusted_proxies)
    answers.register(app, settings.shared_answers_s)
    app.before_request(_arrive)
    app.after_request(_leave)
    api = Smorest(app)
    problems.register(app)
    for blueprint in _blueprints():
        api.register_blueprint(blueprint)
    app.register_blueprint(vitals.pages)
    if settings.time_may_be_shifted:
        demo.register(app, api)
    documentation.register(app, api)
    return app


def _blueprints() -> list[Blueprint]:
    return [module.api for audience in AUDIENCES for module in _modules(audience)]


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(found.name for found in iter_modules(package.__path__))
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _arrive() -> None:
    g.request_id, g.role, g.began = str(new_id()), "anyone", time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if request.blueprint != vitals.pages.name:
        pacing.arrived()
        require_bounds()


def _leave(answer: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "-"
    took = time.perf_counter() - g.began
    vitals.count(request.method, rule, answer.status_code, took)
    log.info(
        "answered",
        method=request.method,
        route=rule,
        status=answer.status_code,
        role=g.role,
        ms=round(took * 1000, 1),
    )
    structlog.contextvars.clear_contextvars()
    access.name_person(answer)
    answer.headers["X-Request-Id"] = g.request_id
    pacing.answered(answer)
    protection.protect(answer)
    return answer
