"""Looks at trials of wordings; one that should end is ended."""

from uuid import UUID

from backend import trials
from backend.kernel.entry import now
from jobs.sweeping import each


def look() -> int:
    """Each trial that runs takes the looks that are due, once a sweep."""
    seen = set[UUID]()

    def once(trial_id: UUID) -> None:
        seen.add(trial_id)
        trials.look(now(), trials.hold(now(), trial_id))

    return each(lambda failed: trials.to_look_at(now(), {*failed, *seen}), once)
