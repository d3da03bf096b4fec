"""Who sees trials and answers for them: the consortium's managers; the clock ends them."""

from backend.kernel.context import Context
from backend.kernel.ties import (
    Grant,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    by_itself,
    everything,
    possible,
)
from backend.trials.models import Trial


def ties(ctx: Context, _trial: Trial) -> Ties:
    """The consortium, the clock."""
    return possible(ctx) & {Tie.CONSORTIUM} | by_itself(ctx)


visible_to = Sight(rows={Tie.CONSORTIUM: everything, Tie.CLOCK: everything})
by_consortium = admits(Tie.CONSORTIUM)
answers_for: Grant[Trial] = allows(ties, Tie.CONSORTIUM)
ends: Grant[Trial] = allows(ties, Tie.CONSORTIUM, Tie.CLOCK)
