"""What every feature holds of a person: what is exported, what ends, what is kept, what is erased.

A table about people that no feature here exports fails a test. Things end in this order; a seat is
free and a contract over before the messages about them are taken back, and who it was goes last.
"""

from backend import (
    auditing,
    clinics,
    contracting,
    followups,
    identity,
    messaging,
    outreach,
    prescriptions,
    privacy,
    proxies,
)
from backend.kernel.subjects import Contribution, Subjects

SUBJECTS: Subjects = {
    "contracting": Contribution(
        export=contracting.export,
        foresee=contracting.foresee,
        close=contracting.close,
        kept=contracting.kept,
        erase=contracting.erase,
    ),
    "clinics": Contribution(
        export=clinics.export,
        foresee=clinics.foresee,
        close=clinics.close,
        erase=clinics.erase,
    ),
    "prescriptions": Contribution(
        export=prescriptions.export,
        foresee=prescriptions.foresee,
        close=prescriptions.close,
        kept=prescriptions.kept,
        erase=prescriptions.erase,
    ),
    "followups": Contribution(
        export=followups.export,
        foresee=followups.foresee,
        close=followups.close,
        kept=followups.kept,
        erase=followups.erase,
        describe=followups.describe,
        annotate=followups.annotate,
    ),
    "outreach": Contribution(export=outreach.export, close=outreach.close, erase=outreach.erase),
    "proxies": Contribution(export=proxies.export, close=proxies.close, erase=proxies.erase),
    "messaging": Contribution(
        export=messaging.export,
        foresee=messaging.foresee,
        close=messaging.close,
        erase=messaging.erase,
    ),
    "privacy": Contribution(
        export=privacy.export, close=privacy.close_corrections, erase=privacy.erase
    ),
    "auditing": Contribution(export=auditing.export, kept=auditing.kept, erase=auditing.erase),
    "traces": Contribution(
        export=privacy.export_traces, kept=privacy.kept_traces, erase=privacy.erase_traces
    ),
    "identity": Contribution(export=identity.export, close=identity.close, erase=identity.erase),
}
