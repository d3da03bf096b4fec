"""Authorisation is said once: `permitted` asks before the act, whichever way it was called."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from backend.kernel.clock import since
from backend.kernel.context import STAFF, Context, Role
from backend.kernel.errors import Forbidden, StepUpNeeded

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
    """Raise `StepUpNeeded` unless the second factor was given in the last ten minutes."""
    given = ctx.actor.stepped_up_at
    if given is None or since(given) > STEP_UP_HOLDS:
        raise StepUpNeeded


def by_clock(ctx: Context) -> bool:
    """Only what happens by itself."""
    return ctx.actor.role is Role.CLOCK


def by_staff(ctx: Context) -> bool:
    """Any member of staff."""
    return ctx.actor.role in STAFF


def by_manager(ctx: Context) -> bool:
    """A manager."""
    return ctx.actor.role is Role.MANAGER


def by_verified_resident(ctx: Context) -> bool:
    """A resident whose identity is verified; raises `IdentityNeeded` where it is not yet."""
    return ctx.actor.role is Role.RESIDENT and ctx.person is not None


def by_anyone(_ctx: Context) -> bool:
    """Whoever asks, logged in or not."""
    return True
