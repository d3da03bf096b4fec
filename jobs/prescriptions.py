"""What ends by itself: prescriptions nobody collected, and those used up."""

from backend import prescriptions
from backend.kernel.entry import now
from jobs.sweeping import each


def expire() -> int:
    """End what was not collected within its days of validity."""
    ctx = now()
    return each(
        lambda failed: prescriptions.lapsed(ctx, failed),
        lambda found: prescriptions.expire(ctx, prescriptions.hold(ctx, found)),
    )


def run_out() -> int:
    """End what is used up and was not renewed."""
    ctx = now()
    return each(
        lambda failed: prescriptions.used_up(ctx, failed),
        lambda found: prescriptions.run_out(ctx, prescriptions.hold(ctx, found)),
    )
