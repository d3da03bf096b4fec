"""Is it alive, is it ready, how is it doing: for operators and load balancers, without log-in."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from flask import Blueprint, Response, jsonify
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from backend import auditing, identity, messaging
from backend.kernel import entry, migrate, relay, ticks

pages = Blueprint("vitals", __name__)
Labelled = Mapping[tuple[str, ...], float]
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUESTS = Counter("jiayi_requests", "Answers given", ["method", "route", "status"])
SECONDS = Histogram(
    "jiayi_request_seconds",
    "Time to answer",
    ["route"],
    buckets=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
)

# Asked of the database at each scrape, so that they are right whichever worker answers.
GAUGES: Mapping[str, tuple[str, Callable[[], float | None]]] = {
    "jiayi_scheduler_age_seconds": ("Since any job last ran", ticks.age_s),
    "jiayi_relay_lag_seconds": ("Waiting of the oldest event due to a reaction", relay.lag_s),
    "jiayi_relay_quarantined": ("Deliveries that wait for a person", relay.quarantined),
    "jiayi_audit_seal_lag_seconds": (
        "Waiting of the oldest disclosure that is not sealed",
        auditing.lag_s,
    ),
    "jiayi_audit_months_ahead": (
        "Months to come that have a partition of the log",
        lambda: auditing.months_ahead(entry.now().today),
    ),
    "jiayi_send_fence": (
        "1 while nothing is sent because the database was restored or moved",
        lambda: float(messaging.fence.stands()),
    ),
    "jiayi_sms_heard_lag_seconds": (
        "Waiting of the oldest receipt or reply that is due to be applied",
        messaging.heard_lag_s,
    ),
    "jiayi_sms_heard_quarantined": (
        "Receipts and replies that cannot be applied and wait for a person",
        messaging.heard_quarantined,
    ),
    "jiayi_sms_replies_unread": (
        "Replies to texts that wait for a person",
        messaging.replies_unread,
    ),
    "jiayi_wechat_events_lag_seconds": (
        "Waiting of WeChat's oldest event that is due to be applied",
        messaging.events_lag_s,
    ),
    "jiayi_wechat_events_quarantined": (
        "Events of WeChat's that wait for a person",
        messaging.events_quarantined,
    ),
    "jiayi_wechat_token_failed": (
        "1 where WeChat last gave no access token",
        lambda: identity.token_trouble(entry.settings().wechat_appid),
    ),
    "jiayi_wechat_template_differences": (
        "Templates and texts that are not as WeChat wants them",
        messaging.templates_differ,
    ),
    "jiayi_oldest_due_message_seconds": (
        "Since the message that waits longest fell due (business time)",
        lambda: messaging.gauges.oldest_due_s(entry.now()),
    ),
}


def _channels(of: Callable[[list[messaging.OnChannel]], Labelled]) -> Callable[[], Labelled]:
    return lambda: of(messaging.gauges.channels(entry.now()))


# The same with labels. Those of an hour or ten minutes end with it: they are no counters.
LABELLED: Mapping[str, tuple[str, Sequence[str], Callable[[], Labelled]]] = {
    "jiayi_messages_waiting": (
        "Messages that are due, due later, or being sent",
        ["channel", "state"],
        _channels(messaging.gauges.waiting),
    ),
    "jiayi_messages_held_back": (
        "Messages that wait after a try, by what it said",
        ["channel", "reason"],
        _channels(messaging.gauges.held_back),
    ),
    "jiayi_oldest_waiting_seconds": (
        "Since the message that waits longest fell due (business time)",
        ["channel"],
        _channels(lambda found: messaging.gauges.oldest(entry.moment(), found)),
    ),
    "jiayi_messages_last_hour": (
        "Messages sent in the last hour, and those that fell due in it and failed or are in doubt",
        ["channel", "state", "reason"],
        lambda: messaging.gauges.settled(entry.moment()),
    ),
    "jiayi_sending_lanes": (
        "Lanes of the senders seen in the last half minute, by how their breaker stands",
        ["lane", "breaker"],
        messaging.lane_numbers,
    ),
    "jiayi_handed_over_last_10_minutes": (
        "Messages handed over within so many seconds of their time",
        ["within_s"],
        lambda: messaging.gauges.handed_over(entry.moment()),
    ),
}


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer under its route's rule, never under its path or a word of the caller's."""
    requests, took = _counters(method if method in METHODS else "other", route, status)
    requests.inc()
    took.observe(seconds)


@cache
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Looked for once: there are no more than routes and statuses."""
    return REQUESTS.labels(method, route, status), SECONDS.labels(route)


@pages.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers, and its schema is one that this build can work with."""
    try:
        current = migrate.is_current()
    except SQLAlchemyError:
        return jsonify(status="database away"), 503
    return (jsonify(status="ready"), 200) if current else (jsonify(status="schema too old"), 503)


@pages.get("/metrics")
def metrics() -> Response:
    """Counts of all workers together, and ages read from the database."""
    text = generate_latest(_counted()) + generate_latest(_asked())
    return Response(text, mimetype=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    return registry


def _asked() -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, (words, ask) in GAUGES.items():
        value = ask()
        if value is not None:
            Gauge(name, words, registry=registry).set(value)
    for name, (words, labels, look) in LABELLED.items():
        gauge = Gauge(name, words, labels, registry=registry)
        for values, number in look().items():
            gauge.labels(*values).set(number)
    return registry
