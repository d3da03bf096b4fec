"""Event → what follows in other features. This page is what the system does by itself."""

from backend import (
    auditing,
    clinics,
    contracting,
    followups,
    identity,
    messaging,
    prescriptions,
    privacy,
    proxies,
    staffing,
    teams,
)
from backend.kernel.events import Reactions
from backend.kernel.subjects import closing
from backend.subjects import SUBJECTS

CLOSE = closing(SUBJECTS, privacy.still_closed)

REACTIONS: Reactions = {
    auditing.EmergencyAccessBegun: [auditing.tell_resident, auditing.ask_reviewers],
    auditing.EmergencyAccessEscalated: [auditing.tell_consortium],
    auditing.EmergencyAccessReviewed: [auditing.stop_asking_reviewers],
    identity.AccountAdded: [messaging.tell_other_accounts],
    proxies.ProxyAsked: [proxies.ask_person],
    proxies.ProxyBegan: [proxies.tell_began],
    proxies.ProxyChanged: [proxies.tell_changed],
    proxies.GuardianNarrowed: [proxies.tell_of_the_say],
    proxies.ProxyEnded: [proxies.tell_ended],
    identity.ConsentWithdrawn: CLOSE,
    privacy.ResidentDied: CLOSE,
    contracting.ContractApplied: [contracting.ask_team],
    contracting.ContractAccepted: [contracting.stop_asking_team, contracting.ask_to_confirm],
    contracting.ContractDeclined: [contracting.stop_asking_team, contracting.tell_declined],
    contracting.ContractActivated: [contracting.stop_asking, followups.follow_contract],
    contracting.ContractWithdrawn: [contracting.stop_asking_team, contracting.stop_asking],
    contracting.ContractEnded: [contracting.tell_of_the_end, followups.follow_contract],
    contracting.DoctorChanged: [contracting.tell_doctor_changed],
    teams.AbsenceRecorded: [staffing.tell_deputy],
    teams.AbsenceEnded: [staffing.forget_deputy],
    clinics.BookingMade: [clinics.tell_booked],
    clinics.BookingCancelled: [clinics.forget_booked],
    clinics.BookingWithdrawn: [clinics.tell_withdrawn],
    prescriptions.PrescriptionRequested: [prescriptions.ask_doctor],
    prescriptions.PrescriptionIssued: [prescriptions.stop_asking, prescriptions.ask_pharmacists],
    prescriptions.PrescriptionReturned: [prescriptions.stop_asking, prescriptions.tell_returned],
    prescriptions.PrescriptionReviewed: [prescriptions.stop_asking, prescriptions.tell_ready],
    prescriptions.PrescriptionDispensed: [prescriptions.stop_asking, prescriptions.plan_run_out],
    prescriptions.PrescriptionEnded: [prescriptions.stop_asking, prescriptions.tell_of_the_end],
    followups.FollowUpFellDue: [followups.remind_resident, followups.give_task],
    followups.FollowUpAcknowledged: [followups.withdraw_task],
    followups.FollowUpHandedOver: [followups.give_task],
    followups.FollowUpEscalated: [followups.tell_lead],
    followups.FollowUpOverdue: [followups.tell_overdue],
    followups.FollowUpCompleted: [followups.withdraw_all],
    followups.FollowUpMissed: [followups.withdraw_all],
    followups.FollowUpCancelled: [followups.withdraw_all],
    followups.EnrolmentEnded: [followups.end_contract],
    followups.FoundDead: [privacy.note_death],
    followups.EmergencyFound: [followups.alert_team],
}
