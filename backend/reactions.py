"""Event → what follows in other features. This page is what the system does by itself."""

from backend import contracting
from backend.kernel.events import Reactions

REACTIONS: Reactions = {
    contracting.ContractAccepted: [contracting.ask_to_confirm],
    contracting.ContractActivated: [contracting.stop_asking],
    contracting.ContractWithdrawn: [contracting.stop_asking],
    contracting.ContractEnded: [contracting.tell_of_the_end],
}
