"""文案试验 Trials: which wording helps people keep their appointments; stands above the features.

Reads what became of bookings; acts on nothing but which wording a message has.
"""

from backend.trials.models import TRIAL_LIFE, Trial, TrialAct, TrialState
from backend.trials.queries import Shown, find, hold, listed, to_look_at
from backend.trials.rules import Verdict
from backend.trials.service import approve, discard, look, propose, stop

__all__ = [
    "TRIAL_LIFE",
    "Shown",
    "Trial",
    "TrialAct",
    "TrialState",
    "Verdict",
    "approve",
    "discard",
    "find",
    "hold",
    "listed",
    "look",
    "propose",
    "stop",
    "to_look_at",
]
