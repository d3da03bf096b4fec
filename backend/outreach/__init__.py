"""适合谁就告诉谁 Outreach: who would profit from a session; reads its siblings, acts on none."""

from backend.outreach.events import (
    ListDecided,
    ListProposed,
    SuggestionsRefused,
    SuggestionsWanted,
)
from backend.outreach.labels import relabel
from backend.outreach.models import (
    PROPOSAL_LIFE,
    SUGGESTION_LIFE,
    Proposal,
    ProposalAct,
    ProposalState,
    Suggestion,
    SuggestionRefusal,
    SuggestionState,
)
from backend.outreach.notices import ask_doctors, forget_suggested
from backend.outreach.queries import (
    Listed,
    Outcome,
    Shown,
    find,
    hold,
    lists,
    own,
    refusals,
    to_lapse,
    to_send,
)
from backend.outreach.service import (
    approve,
    decline,
    lapse,
    propose,
    refuse,
    send,
    to_propose,
    want_again,
)
from backend.outreach.subject_service import close, erase, export

__all__ = [
    "PROPOSAL_LIFE",
    "SUGGESTION_LIFE",
    "ListDecided",
    "ListProposed",
    "Listed",
    "Outcome",
    "Proposal",
    "ProposalAct",
    "ProposalState",
    "Shown",
    "Suggestion",
    "SuggestionRefusal",
    "SuggestionState",
    "SuggestionsRefused",
    "SuggestionsWanted",
    "approve",
    "ask_doctors",
    "close",
    "decline",
    "erase",
    "export",
    "find",
    "forget_suggested",
    "hold",
    "lapse",
    "lists",
    "own",
    "propose",
    "refusals",
    "refuse",
    "relabel",
    "send",
    "to_lapse",
    "to_propose",
    "to_send",
    "want_again",
]
