"""Announces draws for scarce seats, closes their lists, holds them."""

from backend import clinics
from backend.kernel import entry
from jobs.sweeping import each


def announce() -> int:
    """Publish the commitment of each draw to come."""
    ctx = entry.now()
    return each(
        lambda failed: clinics.to_announce(ctx, failed), lambda one: clinics.announce_draw(ctx, one)
    )


def close() -> int:
    """Freeze each list that nobody can join any more."""
    ctx = entry.now()
    return each(
        lambda failed: clinics.to_close(ctx, failed), lambda one: clinics.close_list(ctx, one)
    )


def hold() -> int:
    """Hold each draw whose hour has come."""
    ctx = entry.now()
    return each(
        lambda failed: clinics.to_draw(ctx, failed), lambda one: clinics.hold_draw(ctx, one)
    )
