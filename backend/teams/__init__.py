"""家庭医生团队 Teams: who works together at an institution, and where the nearest one is."""

from backend.teams.models import Team
from backend.teams.queries import (
    Member,
    NearTeam,
    Profile,
    find,
    lead_of,
    members_of,
    nearest,
    own,
    profile,
    profiles,
    teams,
)
from backend.teams.rules import Gap

__all__ = [
    "Gap",
    "Member",
    "NearTeam",
    "Profile",
    "Team",
    "find",
    "lead_of",
    "members_of",
    "nearest",
    "own",
    "profile",
    "profiles",
    "teams",
]
