"""Plans of rosters, and who arranges them."""

from datetime import date, time
from typing import Any

from clinic_builders import an_expert
from conftest import MORNING
from people import a_member_of_staff, by
from sqlalchemy import select

from backend import clinics, identity, network
from backend.kernel.context import Context, Role
from backend.kernel.database import db


def a_plan(**facts: Any) -> clinics.Plan:
    """A cardiologist each Wednesday morning, for twenty people."""
    plain: dict[str, Any] = {
        "expert_id": None if facts.get("team_id") else facts.get("expert_id") or an_expert().id,
        "specialty": "心内科",
        "service": clinics.Service.OUTPATIENT,
        "room": "二楼3诊室",
        "fee": None,
        "weekday": None if facts.get("rule") else 3,
        "begins": time(9),
        "ends": time(11),
        "capacity": 20,
        "starts_on": MORNING.date(),
        "ends_on": None,
    }
    return clinics.Plan(**plain | facts)


def a_manager(house: network.Institution) -> identity.Staff:
    """Who manages a house."""
    return a_member_of_staff(Role.MANAGER, "钱主任", house.id)


def published(ctx: Context, **facts: Any) -> clinics.Roster:
    """A roster that people count on."""
    roster = clinics.arrange(ctx, a_plan(**facts))
    return clinics.publish(ctx, [roster.id]).rosters[0]


def managing(house: network.Institution) -> Context:
    """The context in which the manager of a house acts now."""
    return by(a_manager(house))


def days_of(roster: clinics.Roster) -> list[date]:
    """The days of its sessions."""
    found = select(clinics.ClinicSession.day).filter_by(roster_id=roster.id)
    return sorted(db.session.execute(found).scalars())


def session_on(roster: clinics.Roster, day: date) -> clinics.ClinicSession:
    """Its session of that day."""
    found = select(clinics.ClinicSession).filter_by(roster_id=roster.id, day=day)
    fresh = found.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalar_one()
