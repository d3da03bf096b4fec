"""家庭医生团队 Teams: who works together at an institution, and where the nearest one is."""

from backend.teams.code_service import team_code
from backend.teams.events import AbsenceEnded, AbsenceRecorded
from backend.teams.models import Absence, Team
from backend.teams.queries import (
    Member,
    NearTeam,
    Profile,
    absence,
    absences,
    answering,
    deputies,
    find,
    house_of,
    houses_of,
    lead_of,
    led_by,
    members_of,
    nearest,
    of_houses,
    own,
    own_doctor,
    profile,
    profiles,
    teams,
)
from backend.teams.rules import Gap, may_stand_in
from backend.teams.service import be_absent, end_absence, stop_standing_in

__all__ = [
    "Absence",
    "AbsenceEnded",
    "AbsenceRecorded",
    "Gap",
    "Member",
    "NearTeam",
    "Profile",
    "Team",
    "absence",
    "absences",
    "answering",
    "be_absent",
    "deputies",
    "end_absence",
    "find",
    "house_of",
    "houses_of",
    "lead_of",
    "led_by",
    "may_stand_in",
    "members_of",
    "nearest",
    "of_houses",
    "own",
    "own_doctor",
    "profile",
    "profiles",
    "stop_standing_in",
    "team_code",
    "teams",
]
