"""Authorisation is said once: `permitted` asks before the act, whichever way it was called."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from backend.kernel.clock import since
from backend.kernel.context import Context, Scope
from backend.kernel.errors import Forbidden, StepUpNeeded
from backend.kernel.ties import Entry, Tie, admits

P = ParamSpec("P")
R = TypeVar("R")
Subject = TypeVar("Subject")

Guarded = Callable[Concatenate[Context, Subject, P], R]
Command = Callable[Concatenate[Context, P], R]


def permitted(
    may: Callable[[Context, Subject], bool],
) -> Callable[[Guarded[Subject, P, R]], Guarded[Subject, P, R]]:
    """Let the act on a subject happen only if `may(ctx, subject)`; else `Forbidden`."""

    def decorate(act: Guarded[Subject, P, R]) -> Guarded[Subject, P, R]:
        @wraps(act)
        def guarded(ctx: Context, subject: Subject, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may(ctx, subject):
                raise Forbidden
            return act(ctx, subject, *args, **kwargs)

        named: Guarded[Subject, P, R] = _named(guarded, may)
        return named

    return decorate


def admitted(may: Callable[[Context], bool]) -> Callable[[Command[P, R]], Command[P, R]]:
    """Let an act without a subject happen only if `may(ctx)`; else `Forbidden`."""

    def decorate(act: Command[P, R]) -> Command[P, R]:
        @wraps(act)
        def guarded(ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may(ctx):
                raise Forbidden
            return act(ctx, *args, **kwargs)

        named: Command[P, R] = _named(guarded, may)
        return named

    return decorate


def _named(guarded: Any, may: Callable[..., bool]) -> Any:
    guarded.policy = may
    return guarded


STEP_UP_HOLDS = timedelta(minutes=10)


def require_step_up(ctx: Context) -> None:
    """Raise `StepUpNeeded` unless the second factor was given in the last ten minutes.

    Of the operator's command, which acts as the clock, the machine was asked for it.
    """
    if by_clock(ctx):
        return
    given = ctx.actor.stepped_up_at
    if given is None or since(given) > STEP_UP_HOLDS:
        raise StepUpNeeded


by_clock = admits(Tie.CLOCK)
by_staff = admits(Tie.STAFF)
by_manager = admits(Tie.INSTITUTION, Tie.CONSORTIUM)
by_anyone = admits(Tie.ANYONE)


def by_person(scope: Scope) -> Entry:
    """The verified person, or a family member or guardian whom the person allows such things."""
    return admits(Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=scope)
