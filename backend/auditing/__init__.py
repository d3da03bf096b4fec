"""审计 Auditing: who was shown what, sealed; what a person and an auditor read of it."""

from backend.auditing import models as models
from backend.auditing.retention import TooYoung, make_months, months_ahead, retire
from backend.auditing.sealing import Batch, lag_s, set_seal, waiting
from backend.auditing.verification import Finding, Verdict, verify

__all__ = [
    "Batch",
    "Finding",
    "TooYoung",
    "Verdict",
    "lag_s",
    "make_months",
    "models",
    "months_ahead",
    "retire",
    "set_seal",
    "verify",
    "waiting",
]
