"""Event → what follows in other features. This page is what the system does by itself."""

from backend import clinics, contracting, followups
from backend.kernel.events import Reactions

REACTIONS: Reactions = {
    contracting.ContractAccepted: [contracting.ask_to_confirm],
    contracting.ContractActivated: [contracting.stop_asking, followups.follow_contract],
    contracting.ContractWithdrawn: [contracting.stop_asking],
    contracting.ContractEnded: [contracting.tell_of_the_end, followups.follow_contract],
    clinics.BookingMade: [clinics.tell_booked],
    clinics.BookingCancelled: [clinics.forget_booked],
    clinics.BookingWithdrawn: [clinics.tell_withdrawn],
    followups.FollowUpFellDue: [followups.remind_resident, followups.give_task],
    followups.FollowUpAcknowledged: [followups.withdraw_task],
    followups.FollowUpEscalated: [followups.tell_lead],
    followups.FollowUpCompleted: [followups.withdraw_all],
    followups.FollowUpMissed: [followups.withdraw_all],
    followups.FollowUpCancelled: [followups.withdraw_all],
    followups.EmergencyFound: [followups.alert_team],
}
