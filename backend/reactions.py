"""Event → what follows in other features. This page is what the system does by itself."""

from backend import clinics, contracting
from backend.kernel.events import Reactions

REACTIONS: Reactions = {
    contracting.ContractAccepted: [contracting.ask_to_confirm],
    contracting.ContractActivated: [contracting.stop_asking],
    contracting.ContractWithdrawn: [contracting.stop_asking],
    contracting.ContractEnded: [contracting.tell_of_the_end],
    clinics.BookingMade: [clinics.tell_booked],
    clinics.BookingCancelled: [clinics.forget_booked],
    clinics.BookingWithdrawn: [clinics.tell_withdrawn],
}
