"""How much somebody is asked to read: what of that which is due goes now, and what waits."""

from collections.abc import Sequence

from backend.kernel.context import Context
from backend.messaging.candidates import Candidate


def judge(_ctx: Context, rows: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those to send now; of the others their new time or end is written here."""
    return rows
