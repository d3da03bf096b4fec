"""Notes when what fell into the time that a restored database lost has been done anew."""

from backend import messaging
from backend.kernel.entry import now
from backend.kernel.transaction import transaction


def note_catch_up() -> int:
    """Last in the timetable: by its turn every other sweep has been begun since the restore."""
    with transaction():
        return int(messaging.lifting.note_catch_up(now()))
