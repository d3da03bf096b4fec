"""停诊, for whoever uses it: sessions that close, move or shrink, and who loses a seat."""

from backend.clinics.change_queries import Change, changes
from backend.clinics.closing_service import (
    Instead,
    close_sessions,
    move_session,
)
from backend.clinics.displacement_events import (
    CallMissed,
    CallWanted,
    DisplacedWaiting,
    DisplacementAnswered,
)
from backend.clinics.displacement_models import Displacement, DisplacementAct, DisplacementState
from backend.clinics.displacement_notices import (
    forget_waiting,
    re_offer,
    tell_changed,
    tell_desk_waiting,
    tell_seat_back,
)
from backend.clinics.displacement_queries import (
    Alternatives,
    Closed,
    Displaced,
    alternatives,
    closed_sessions,
    displaced,
    due,
    hold_displaced,
    hold_displacement,
    one_displaced,
)
from backend.clinics.displacement_service import (
    accept,
    ask_for_call,
    choose,
    do_without,
    note_missed_call,
)
from backend.clinics.events import RoomChanged, SessionMoved, SessionResized
from backend.clinics.re_offer_service import seek
from backend.clinics.resize_service import resize

__all__ = [
    "Alternatives",
    "CallMissed",
    "CallWanted",
    "Change",
    "Closed",
    "Displaced",
    "DisplacedWaiting",
    "Displacement",
    "DisplacementAct",
    "DisplacementAnswered",
    "DisplacementState",
    "Instead",
    "RoomChanged",
    "SessionMoved",
    "SessionResized",
    "accept",
    "alternatives",
    "ask_for_call",
    "changes",
    "choose",
    "close_sessions",
    "closed_sessions",
    "displaced",
    "do_without",
    "due",
    "forget_waiting",
    "hold_displaced",
    "hold_displacement",
    "move_session",
    "note_missed_call",
    "one_displaced",
    "re_offer",
    "resize",
    "seek",
    "tell_changed",
    "tell_desk_waiting",
    "tell_seat_back",
]
