"""Each request is counted where it enters: its address at once, its account once it is known."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, current_app, g, request

from backend.kernel.limits import Counted, limiter
from backend.kernel.limits import Pace as Pace
from miniapp_api.addresses import address

F = TypeVar("F", bound=Callable[..., Any])

READING = frozenset({"GET", "HEAD", "OPTIONS"})
ENTERING = frozenset({Pace.LOGIN, Pace.REFRESH, Pace.PASSWORD})
SEARCH = "search"


def paced(pace: Pace) -> Callable[[F], F]:
    """Count this route in a class of its own; others are reads, writes or searches."""

    def decorate(view: F) -> F:
        view.pace = pace  # type: ignore[attr-defined]
        return view

    return decorate


def arrived() -> None:
    """Count the address; raises `LimitReached`, also for one with too many failures."""
    g.pace, g.address = _pace(), address()
    limiter().require(g.pace, Counted.FAILURES, g.address)
    limiter().spend(g.pace, Counted.ADDRESS, g.address)


def recognised(account: UUID) -> None:
    """Count the account before the database is asked about it; it may have failed too often."""
    g.account = account
    limiter().require(g.pace, Counted.FAILURES, account)
    limiter().spend(g.pace, Counted.ACCOUNT, account)
    limiter().spend(g.pace, Counted.ROUTE, request.endpoint)


def acting_for(person: UUID | None) -> None:
    """Count the resident acted for, apart for each who acts: nobody uses up another's share."""
    if person is not None:
        limiter().spend(g.pace, Counted.PERSON, (g.get("account"), person))


def answered(answer: Response) -> None:
    """Count an attempt that failed: nobody was recognised, or a log-in was refused.

    It is the account's where there is one, so that colleagues at one address do not pay for it.
    """
    refused = 400 <= answer.status_code < 500 and answer.status_code != 429
    if answer.status_code == 401 or (refused and g.get("pace") in ENTERING):
        limiter().note(g.pace, Counted.FAILURES, g.get("account", g.address))


def _pace() -> Pace:
    view = current_app.view_functions.get(request.endpoint or "")
    chosen: Pace | None = getattr(view, "pace", None)
    if chosen is not None:
        return chosen
    if request.method not in READING:
        return Pace.WRITE
    return Pace.SEARCH if SEARCH in request.args else Pace.READ
