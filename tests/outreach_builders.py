"""Lists of the tests."""

from datetime import timedelta

from clinic_builders import a_roster, a_session
from people import by_itself

from backend import identity, outreach, teams
from backend.kernel.database import db


def a_list(team: teams.Team, *people: identity.Resident) -> outreach.Proposal:
    """A list that waits for the team's doctor, with these people on it."""
    session, ctx = a_session(a_roster()), by_itself()
    proposal = outreach.Proposal(
        team_id=team.id,
        session_id=session.id,
        made_at=ctx.at,
        answer_by=ctx.at + timedelta(days=2),
    )
    db.session.add(proposal)
    db.session.flush()
    facts = {"session_id": session.id, "specialty": "心内科", "score": 5, "reasons": ["示例"]}
    db.session.add_all(
        outreach.Suggestion(list_id=proposal.id, resident_id=person.id, **facts)
        for person in people
    )
    db.session.flush()
    return proposal
