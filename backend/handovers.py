"""Kind of work → how it is listed and moved when somebody leaves. The order is that of moving."""

from backend import clinics, contracting, followups, prescriptions
from backend.kernel.handovers import Handover, Handovers

HANDOVERS: Handovers = {
    "contracts": Handover(contracting.open_work, contracting.hand_over),
    "follow_ups": Handover(followups.open_work, followups.hand_over),
    "prescriptions": Handover(prescriptions.open_work),
    "clinic_sessions": Handover(clinics.open_work),
}
