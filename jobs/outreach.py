"""Proposes lists to the teams, sends what they approved, lets lapse what nobody answered."""

from backend import outreach
from backend.kernel import entry
from jobs.sweeping import each


def propose() -> int:
    """A list for each session of the days to come that has seats left."""
    ctx = entry.now()
    return each(
        lambda failed: outreach.to_propose(ctx, failed), lambda one: outreach.propose(ctx, one)
    )


def send() -> int:
    """Tell each person whom a family doctor wants to be told."""
    ctx = entry.now()
    return each(lambda failed: outreach.to_send(ctx, failed), lambda one: outreach.send(ctx, one))


def lapse() -> int:
    """End what nobody answered in time."""
    ctx = entry.now()
    return each(lambda failed: outreach.to_lapse(ctx, failed), lambda one: outreach.lapse(ctx, one))
