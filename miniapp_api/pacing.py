"""Each request is counted where it enters: its address at once, its account once it is known."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Request, Response, current_app, g, request

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


def arrived(asked: Request) -> None:
    """Count the address; raises `LimitReached`, also for one with too many failures."""
    pace, place, limits = _pace(asked), address(asked), limiter()
    g.pace, g.address = pace, place
    limits.require(pace, Counted.FAILURES, place)
    limits.spend(pace, Counted.ADDRESS, place)


def recognised(account: UUID) -> None:
    """Count the account before the database is asked about it; it may have failed too often."""
    g.account, pace, limits = account, g.pace, limiter()
    limits.require(pace, Counted.FAILURES, account)
    limits.spend(pace, Counted.ACCOUNT, account)
    limits.spend(pace, Counted.ROUTE, request.endpoint)


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


def _pace(asked: Request) -> Pace:
    view = current_app.view_functions.get(asked.endpoint or "")
    chosen: Pace | None = getattr(view, "pace", None)
    if chosen is not None:
        return chosen
    if asked.method not in READING:
        return Pace.WRITE
    return Pace.SEARCH if SEARCH in asked.args else Pace.READ
