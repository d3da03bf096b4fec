"""The day of a clinic, for whoever uses it: check-in, the line, who did not come, paper cards."""

from backend.clinics.attendance_events import (
    AttendanceCorrected,
    BookingMissed,
    BookingUnrecorded,
    CardIssued,
    CardRevoked,
    ClinicBegan,
    PersonArrived,
    PersonCalled,
    PersonPassedOver,
    PersonSeen,
    StrikeAppealed,
    StrikeDecided,
    StrikeNoted,
)
from backend.clinics.attendance_models import CheckInWay, PaperCard, Turn
from backend.clinics.attendance_notices import ask_house, tell_decided, tell_near, tell_noted
from backend.clinics.attendance_queries import (
    Board,
    Present,
    Queue,
    attendance,
    board,
    present,
    queue,
    session_of_day,
    sessions_of_day,
)
from backend.clinics.attendance_queries import hold as hold_of_day
from backend.clinics.attendance_rules import Ahead
from backend.clinics.card_drawing import pdf, png, svg
from backend.clinics.card_service import (
    Face,
    Issued,
    card_face,
    issue_card,
    revoke_card,
    short_name,
)
from backend.clinics.check_in_service import (
    check_in,
    check_in_by_card,
    check_in_by_document,
    note_arrival,
)
from backend.clinics.day_service import begin, call, correct, door_code, house_code, put_back, see
from backend.clinics.settle_service import settle
from backend.clinics.strike_queries import Noted, to_decide
from backend.clinics.strike_queries import hold as hold_strike
from backend.clinics.strike_service import OwnStrikes, appeal, decide, lift_unanswered
from backend.clinics.strike_service import own as own_strikes

__all__ = [
    "Ahead",
    "AttendanceCorrected",
    "Board",
    "BookingMissed",
    "BookingUnrecorded",
    "CardIssued",
    "CardRevoked",
    "CheckInWay",
    "ClinicBegan",
    "Face",
    "Issued",
    "Noted",
    "OwnStrikes",
    "PaperCard",
    "PersonArrived",
    "PersonCalled",
    "PersonPassedOver",
    "PersonSeen",
    "Present",
    "Queue",
    "StrikeAppealed",
    "StrikeDecided",
    "StrikeNoted",
    "Turn",
    "appeal",
    "ask_house",
    "attendance",
    "begin",
    "board",
    "call",
    "card_face",
    "check_in",
    "check_in_by_card",
    "check_in_by_document",
    "correct",
    "decide",
    "door_code",
    "hold_of_day",
    "hold_strike",
    "house_code",
    "issue_card",
    "lift_unanswered",
    "note_arrival",
    "own_strikes",
    "pdf",
    "png",
    "present",
    "put_back",
    "queue",
    "revoke_card",
    "see",
    "session_of_day",
    "sessions_of_day",
    "settle",
    "short_name",
    "svg",
    "tell_decided",
    "tell_near",
    "tell_noted",
    "to_decide",
]
