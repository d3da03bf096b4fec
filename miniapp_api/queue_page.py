"""`/queue`: the message queue for managers, on a phone; whoever opens it logs in there."""

from flask import Blueprint, Response, send_from_directory

from config.settings import ROOT

ASSETS = ROOT / "miniapp_api" / "assets"
pages = Blueprint("queue-page", __name__)


@pages.get("/queue")
def page() -> Response:
    """The page; what it shows comes from the managers' routes."""
    return send_from_directory(ASSETS, "queue.html")


@pages.get("/queue/<any('queue.css', 'queue.js'):name>")
def asset(name: str) -> Response:
    """What the page is made of; it needs no other server."""
    return send_from_directory(ASSETS, name)
