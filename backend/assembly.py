"""Puts the features together; opens no entry point."""

from flask import Flask

from backend import (
    auditing,
    clinics,
    contracting,
    followups,
    identity,
    messaging,
    network,
    outreach,
    prescriptions,
    privacy,
    proxies,
    staffing,
    teams,
    trials,
)
from backend.handovers import HANDOVERS
from backend.kernel import cache, events, handovers, limits, logs, signing, subjects
from backend.kernel.clock import Clock, ShiftedClock, SystemClock
from backend.kernel.crypto import Keyring
from backend.kernel.database import db, driver_url, engine_options
from backend.kernel.regions import Region
from backend.reactions import REACTIONS
from backend.subjects import SUBJECTS
from config.settings import Settings

FEATURES = [
    network,
    identity,
    messaging,
    teams,
    auditing,
    proxies,
    contracting,
    staffing,
    clinics,
    prescriptions,
    followups,
    outreach,
    privacy,
    trials,
]


def assemble(settings: Settings, clock: Clock | None = None, kind: type[Flask] = Flask) -> Flask:
    """An app with every feature, its clock, keys, region and connections, and no routes."""
    logs.configure(settings.log_level)
    app = kind("jiayi", static_folder=None, template_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_pool)
    app.extensions["settings"] = settings
    app.extensions["clock"] = clock or _clock(settings)
    app.extensions["region"] = Region.load(settings.region)
    app.extensions["keyring"] = Keyring(settings.field_keys, settings.index_key)
    app.extensions["signing_keys"] = signing.SigningKeys()
    app.extensions["cache"] = cache.connect(settings.redis_url)
    app.extensions["limiter"] = limits.Limiter.of(
        app.extensions["region"],
        app.extensions["cache"],
        app.extensions["keyring"],
        settings.limits_factor,
    )
    app.extensions["wechat"] = identity.WeChatServer(settings)
    app.extensions["realname"] = identity.RealNameServer(settings)
    db.init_app(app)
    events.bind(app, REACTIONS)
    handovers.bind(app, HANDOVERS)
    subjects.bind(app, SUBJECTS)
    return app


def release(app: Flask) -> None:
    """End every connection that the app keeps."""
    with app.app_context():
        db.engine.dispose()
    app.extensions["wechat"].close()
    app.extensions["realname"].close()
    if app.extensions["cache"]:
        app.extensions["cache"].close()


def _clock(settings: Settings) -> Clock:
    return ShiftedClock() if settings.time_may_be_shifted else SystemClock()
