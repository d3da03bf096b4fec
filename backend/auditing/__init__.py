"""审计 Auditing: who was shown what, sealed; what a person and an auditor read of it; 紧急调阅."""

from backend.auditing.errors import NobodyFound, TooManyEmergencies
from backend.auditing.events import (
    EmergencyAccessBegun,
    EmergencyAccessEscalated,
    EmergencyAccessReviewed,
)
from backend.auditing.evidence_service import gather as gather_evidence
from backend.auditing.models import Act, Disclosure, Emergency, EmergencyAccess, State, Verdict
from backend.auditing.notices import (
    TOLD_WITHIN,
    ask_reviewers,
    stop_asking_reviewers,
    tell_consortium,
    tell_resident,
)
from backend.auditing.queries import (
    Chain,
    Sought,
    access,
    access_log,
    accesses,
    chain,
    disclosures,
    hold_access,
    reasons_of,
    unreviewed,
    untold,
)
from backend.auditing.retention import TooYoung, make_months, months_ahead, retire
from backend.auditing.sealing import Batch, lag_s, set_seal, waiting
from backend.auditing.service import Whom, begin, call, escalate, plan_call, review
from backend.auditing.subject_service import erase, export, kept
from backend.auditing.verification import Finding, Report, verify

__all__ = [
    "TOLD_WITHIN",
    "Act",
    "Batch",
    "Chain",
    "Disclosure",
    "Emergency",
    "EmergencyAccess",
    "EmergencyAccessBegun",
    "EmergencyAccessEscalated",
    "EmergencyAccessReviewed",
    "Finding",
    "NobodyFound",
    "Report",
    "Sought",
    "State",
    "TooManyEmergencies",
    "TooYoung",
    "Verdict",
    "Whom",
    "access",
    "access_log",
    "accesses",
    "ask_reviewers",
    "begin",
    "call",
    "chain",
    "disclosures",
    "erase",
    "escalate",
    "export",
    "gather_evidence",
    "hold_access",
    "kept",
    "lag_s",
    "make_months",
    "months_ahead",
    "plan_call",
    "reasons_of",
    "retire",
    "review",
    "set_seal",
    "stop_asking_reviewers",
    "tell_consortium",
    "tell_resident",
    "unreviewed",
    "untold",
    "verify",
    "waiting",
]
