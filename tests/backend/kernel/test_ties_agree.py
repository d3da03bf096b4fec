"""What the query scopes show is what the predicates say, row by row, whoever looks."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from clinic_builders import a_roster, a_session, a_strike
from contract_builders import a_contract, an_application, join, nurse_of
from family_builders import a_former_relative, a_guardian, a_relative, acting_for
from flask import Flask
from message_builders import a_message
from people import a_member_of_staff, a_resident, an_account, by, by_itself
from prescription_builders import Surgery

from backend import clinics, followups, identity
from backend.clinics import attendance_policy as of_days
from backend.clinics import policy as of_clinics
from backend.contracting import policy as of_contracting
from backend.contracting.models import Contract
from backend.followups import policy as of_followups
from backend.followups.models import Enrolment, FollowUp, Measurement
from backend.identity import policy as of_identity
from backend.kernel.context import CLINICAL, Context, Role, Scope
from backend.kernel.database import db
from backend.kernel.errors import Forbidden
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, relate
from backend.kernel.ties import FAMILY, Sight, Ties
from backend.messaging import Message
from backend.messaging import policy as of_messaging
from backend.prescriptions import Prescription
from backend.prescriptions import policy as of_prescriptions

Gather = Callable[[Context, Any], Ties]
SCOPES: list[tuple[str, Any, Sight, Gather]] = [
    ("bookings", clinics.Booking, of_clinics.visible_to, of_clinics.ties),
    ("seats of the day", clinics.Booking, of_days.seen_at_work, of_days.ties),
    ("strikes", clinics.Strike, of_days.strikes_visible_to, of_days.strike_ties),
    ("contracts", Contract, of_contracting.visible_to, of_contracting.ties),
    ("follow-ups", FollowUp, of_followups.visible_to, of_followups.ties),
    ("due days", FollowUp, of_followups.due_days_visible_to, of_followups.ties),
    ("enrolments", Enrolment, of_followups.enrolments_visible_to, of_followups.ties),
    ("readings", Measurement, of_followups.readings_visible_to, of_followups.ties),
    ("residents", identity.Resident, of_identity.visible_to, of_identity.ties),
    ("messages", Message, of_messaging.visible_to, of_messaging.ties),
    ("prescriptions", Prescription, of_prescriptions.visible_to, of_prescriptions.ties),
    ("to sign", Prescription, of_prescriptions.held_by, of_prescriptions.ties),
]


class Town:
    """A few houses at work, as chance has it, and everybody who may look."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.surgeries = [Surgery() for _ in range(3)]
        self.experts = [a_member_of_staff(Role.SPECIALIST, "专家") for _ in range(2)]
        self.people: list[identity.Resident] = [each.resident for each in self.surgeries]
        for surgery in self.surgeries:
            self._live(surgery)

    def _live(self, surgery: Surgery) -> None:
        her, chance = surgery.resident, self.chance
        if chance.random() < 0.7:
            a_contract(surgery.team, her)
            visit = followups.enrol(by(surgery.doctor), her, by_itself().today - timedelta(400))
            followups.answer(by(her), visit, 130, 80)
        else:
            an_application(chance.choice(self.surgeries).team, her)
        begun = [surgery.requested, surgery.issued, surgery.reviewed, surgery.dispensed]
        chance.choice(begun)(28)
        for days, specialty in enumerate(chance.sample(["心内科", "心理科", "骨科"], 2), 1):
            hours = 3 * self.surgeries.index(surgery)  # an expert sits at one house at a time
            begins = by_itself().at.replace(hour=1, minute=0) + timedelta(days, hours=hours)
            roster = a_roster(surgery.centre, chance.choice(self.experts), specialty=specialty)
            booked = clinics.book(by(her), a_session(roster, starts_at=begins).id)
            a_message(her, subject_id=booked.id)
            a_strike(by(her), booked.id)
        today = by_itself().at.replace(hour=14 + 2 * self.surgeries.index(surgery), minute=0)
        roster = a_roster(surgery.centre, chance.choice(self.experts))
        clinics.book(by(her), a_session(roster, starts_at=today).id)
        a_message(surgery.doctor)

    def lookers(self) -> Iterator[Context]:
        """The contexts in which the town's rows are looked at."""
        yield by_itself()
        yield by(an_account())
        for person in self.people:
            yield by(person)
            for relative in self._family(person):
                yield acting_for(relative, person)
        for member in self._staff():
            yield by(member)

    def _family(self, person: identity.Resident) -> list[identity.Resident]:
        some = self.chance.sample(list(Scope), self.chance.randint(1, 4))
        return [a_relative(person, *some), a_relative(person, *Scope), a_guardian(person)]

    def _staff(self) -> Iterator[identity.Staff]:
        yield from self.experts
        for surgery in self.surgeries:
            yield from [surgery.doctor, surgery.pharmacist, nurse_of(surgery.team)]
            for role in sorted({*CLINICAL, Role.MANAGER, Role.CONSORTIUM_MANAGER, Role.AUDITOR}):
                member = a_member_of_staff(role, "某人", surgery.centre.id)
                if role in CLINICAL and self.chance.random() < 0.4:
                    join(member, self.chance.choice(self.surgeries).team)
                if role in CLINICAL and self.chance.random() < 0.3:
                    who = self.chance.choice(self.people).id
                    relate(by_itself(), who, member.id, Kind.EMERGENCY, source_id=new_id())
                yield member


@pytest.mark.parametrize("seed", range(3))
def test_query_scope_and_predicate_agree(app: Flask, seed: int) -> None:
    town = Town(seed)
    lookers = list(town.lookers())
    seen = 0
    for name, model, sight, ties in SCOPES:
        rows = db.session.execute(db.select(model)).scalars().all()
        for ctx in lookers:
            shown, tied = _shown(ctx, model, sight), _tied(ctx, rows, sight, ties)
            assert shown == tied, (name, ctx.actor.role, ctx.proxy)
            seen += len(shown)
    assert seen > 100


def _shown(ctx: Context, model: Any, sight: Sight) -> set[Any]:
    """What SQL shows; to whom it says why not, nothing."""
    try:
        return set(db.session.execute(db.select(model.id).where(sight(ctx))).scalars())
    except Forbidden:
        return set()


def _tied(ctx: Context, rows: Any, sight: Sight, ties: Gather) -> set[Any]:
    """The rows to which a tie is held that shows something, family within its scopes."""
    if ctx.proxy is not None and sight.scopes and not ctx.proxy.scopes & set(sight.scopes):
        return set()
    try:
        return {row.id for row in rows if ties(ctx, row) & sight.ties}
    except Forbidden:
        return set()


def test_a_former_relative_is_nobody(app: Flask) -> None:
    person = a_resident()
    with pytest.raises(identity.NotYourPerson):
        acting_for(a_former_relative(person), person)
    assert FAMILY
